package io.culvert.backup.age;

import java.io.IOException;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;

/** Seals what is written to it under a passphrase. Only {@link #close} makes a whole file of it. */
public final class AgeOutput extends OutputStream {
    private final OutputStream out;
    private final Chunk chunk;
    private final byte[] pending = new byte[Chunk.LENGTH];
    private int length;
    private boolean closed;

    /** Writes the header to {@code out}; takes some tenths of a second and 64 MiB meanwhile. */
    public AgeOutput(OutputStream out, char[] passphrase) throws IOException {
        this(out, passphrase, AgeHeader.WORK, new SecureRandom());
    }

    AgeOutput(OutputStream out, char[] passphrase, int work, SecureRandom random) throws IOException {
        this.out = out;
        try {
            var sealed = AgeHeader.seal(passphrase, work, random);
            byte[] nonce = new byte[16];
            random.nextBytes(nonce);
            chunk = Chunk.sealing(sealed.fileKey(), nonce);
            Arrays.fill(sealed.fileKey(), (byte) 0);
            out.write(sealed.header());
            out.write(nonce);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK lacks what age files need", e);
        }
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
        int from = offset;
        int left = count;
        while (left > 0) {
            // A full chunk waits: only what follows tells that it is not the last one.
            if (length == pending.length) {
                seal(false);
            }
            int n = Math.min(left, pending.length - length);
            System.arraycopy(bytes, from, pending, length, n);
            length += n;
            from += n;
            left -= n;
        }
    }

    private void seal(boolean last) throws IOException {
        try {
            out.write(chunk.next(pending, length, last));
            length = 0;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK lacks what age files need", e);
        }
    }

    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            // Also when there is no room for the last chunk: a file that stays open keeps the room it has.
            try (out) {
                seal(true);
            } finally {
                Arrays.fill(pending, (byte) 0);
            }
        }
    }
}
