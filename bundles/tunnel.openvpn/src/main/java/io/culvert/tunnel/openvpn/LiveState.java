package io.culvert.tunnel.openvpn;

import io.culvert.tunnel.openvpn.data.KeySlot;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a session tells its successor in the same process beside its record, format version 1. Holds no secret.
 *
 * @param sendCurrentFromNs as {@link io.culvert.tunnel.openvpn.data.SlotTable#sendCurrentFromNs}; monotonic times are the
 *     process's
 * @param lastHeardNs when something authentic last came
 * @param lastSentNs when something was last sent
 * @param tls the control channel that is in use, for the status
 * @param keys newest first, as in the record
 */
record LiveState(
        long sendCurrentFromNs,
        long previousEndsNs,
        long lastHeardNs,
        long lastSentNs,
        String tls,
        List<KeySlot.Live> keys) {
    private static final int VERSION = 1;

    byte[] encode() {
        var bytes = new ByteArrayOutputStream(256);
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeLong(sendCurrentFromNs);
            out.writeLong(previousEndsNs);
            out.writeLong(lastHeardNs);
            out.writeLong(lastSentNs);
            out.writeUTF(tls);
            out.writeByte(keys.size());
            for (KeySlot.Live key : keys) {
                out.writeLong(key.nextPacketId());
                out.writeLong(key.durableEnd());
                out.writeLong(key.highest());
                out.writeLong(key.seen());
                out.writeLong(key.blocks());
                out.writeLong(key.packets());
                out.writeLong(key.bytes());
                out.writeLong(key.failedTags());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** Null when it is of another version, or garbled. */
    static @Nullable LiveState decode(byte[] bytes) {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            if (in.readByte() != VERSION) {
                return null;
            }
            long sendCurrentFromNs = in.readLong();
            long previousEndsNs = in.readLong();
            long lastHeardNs = in.readLong();
            long lastSentNs = in.readLong();
            String tls = in.readUTF();
            int count = in.readByte();
            var keys = new ArrayList<KeySlot.Live>(2);
            for (int i = 0; i < count; i++) {
                keys.add(new KeySlot.Live(
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong(),
                        in.readLong()));
            }
            return in.available() > 0
                    ? null
                    : new LiveState(sendCurrentFromNs, previousEndsNs, lastHeardNs, lastSentNs, tls, keys);
        } catch (IOException e) {
            return null;
        }
    }
}
