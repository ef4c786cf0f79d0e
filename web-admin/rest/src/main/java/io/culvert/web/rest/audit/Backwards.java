package io.culvert.web.rest.audit;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import org.jspecify.annotations.Nullable;

/** The lines of a file from its end. */
final class Backwards {
    private static final int BLOCK = 64 << 10;

    private final RandomAccessFile file;
    private byte[] block = new byte[0];
    private long blockAt;
    private int end;

    /** The file may grow meanwhile: what is added is not seen. */
    Backwards(RandomAccessFile file) throws IOException {
        this.file = file;
        blockAt = file.length();
    }

    /** The line before, without its end; null at the file's begin. What follows the last end of line is left out. */
    byte @Nullable [] previous() throws IOException {
        var reversed = new ByteArrayOutputStream();
        boolean inLine = false;
        while (true) {
            if (end == 0 && !fill()) {
                return inLine ? reverse(reversed.toByteArray()) : null;
            }
            byte b = block[end - 1];
            if (b == '\n' && inLine) {
                return reverse(reversed.toByteArray());
            }
            end--;
            if (b == '\n') {
                inLine = true;
            } else if (inLine) {
                reversed.write(b);
            }
        }
    }

    private boolean fill() throws IOException {
        if (blockAt == 0) {
            return false;
        }
        int length = (int) Math.min(BLOCK, blockAt);
        blockAt -= length;
        block = new byte[length];
        file.seek(blockAt);
        file.readFully(block);
        end = length;
        return true;
    }

    private static byte[] reverse(byte[] bytes) {
        for (int i = 0, j = bytes.length - 1; i < j; i++, j--) {
            byte kept = bytes[i];
            bytes[i] = bytes[j];
            bytes[j] = kept;
        }
        return bytes;
    }
}
