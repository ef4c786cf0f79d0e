package io.culvert.pki;

import io.culvert.api.pki.PkiException;
import io.culvert.api.store.Store;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A stored record: |version 8|count 8| then per field |length 32|bytes|. Later versions may add fields at the end; a
 * version that this code does not know is refused.
 */
final class Fields {
    private static final int VERSION = 1;

    private final String key;
    private final List<byte[]> fields;
    private int next;

    private Fields(String key, List<byte[]> fields) {
        this.key = key;
        this.fields = fields;
    }

    static byte[] encode(byte[]... fields) {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeByte(fields.length);
            for (byte[] field : fields) {
                out.writeInt(field.length);
                out.write(field);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] time(Instant time) {
        return text(Long.toString(time.getEpochSecond()));
    }

    static Fields of(Store.Entry entry) throws PkiException {
        try (var in = new DataInputStream(new ByteArrayInputStream(entry.value()))) {
            int version = in.readUnsignedByte();
            if (version != VERSION) {
                throw new PkiException("record " + entry.key() + " has version " + version
                        + ", which this version of Culvert cannot read: start the version that wrote it");
            }
            int count = in.readUnsignedByte();
            List<byte[]> fields = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                int length = in.readInt();
                if (length < 0 || length > in.available()) {
                    throw damaged(entry.key());
                }
                fields.add(in.readNBytes(length));
            }
            return new Fields(entry.key(), fields);
        } catch (IOException e) {
            throw damaged(entry.key());
        }
    }

    byte[] next() throws PkiException {
        if (!hasNext()) {
            throw damaged(key);
        }
        return fields.get(next++);
    }

    boolean hasNext() {
        return next < fields.size();
    }

    String nextText() throws PkiException {
        return new String(next(), StandardCharsets.UTF_8);
    }

    Instant nextTime() throws PkiException {
        try {
            return Instant.ofEpochSecond(Long.parseLong(nextText()));
        } catch (NumberFormatException e) {
            throw damaged(key);
        }
    }

    static PkiException damaged(String key) {
        return new PkiException("record " + key + " in the store is damaged: restore the store from a backup");
    }
}
