package io.culvert.tunnel.openvpn;

import io.culvert.api.crypto.DataCipher;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.tunnel.openvpn.data.Ciphers;
import io.culvert.tunnel.openvpn.data.Framing;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
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
 * The protocol's part of a session record, format version 1, or 2 for a session whose packets are framed. Holds key
 * material; the store seals it.
 *
 * @param clientKey Kc of tls-crypt-v2; absent for listeners with a key of their own
 * @param dynamicKey of dynamic tls-crypt, base key mixed in
 * @param replayTimeSeconds no replay id was handed out under a later time
 * @param peerId or -1 for a client that uses DATA_V1
 * @param exported whether data keys come from TLS
 * @param ccExit whether the client says EXIT on the control channel
 * @param peerInfo what the client said of itself
 * @param options the client's options string
 * @param keys newest first, one or two
 * @param framing of packets inside the sealed text
 * @param compressing whether packets to the client are compressed
 */
record SessionState(
        long localSessionId,
        long remoteSessionId,
        @Nullable StaticKey clientKey,
        @Nullable StaticKey dynamicKey,
        long replayTimeSeconds,
        int peerId,
        DataCipher cipher,
        boolean exported,
        boolean ccExit,
        String peerInfo,
        String options,
        int nextKeyId,
        List<Key> keys,
        Framing framing,
        boolean compressing) {

    private static final int UNFRAMED = 1;
    private static final int FRAMED = 2;

    /** Of {@link #encode}: the oldest that can say it, so that an earlier version of this bundle reads most sessions. */
    int version() {
        return framing == Framing.NONE ? UNFRAMED : FRAMED;
    }

    /**
     * A data key.
     *
     * @param reservedEnd packet-ids from here on were never used
     * @param highestReceived packet-ids up to here were seen when the record was written
     * @param bornSeconds when it was negotiated, in unix seconds
     */
    record Key(int keyId, byte[] key2, long reservedEnd, long highestReceived, long bornSeconds) {
        @Override
        public String toString() {
            return "Key[key-id " + keyId + ", redacted]";
        }
    }

    byte[] encode() {
        var bytes = new ByteArrayOutputStream(1024);
        try (var out = new DataOutputStream(bytes)) {
            out.writeLong(localSessionId);
            out.writeLong(remoteSessionId);
            key(out, clientKey);
            key(out, dynamicKey);
            out.writeLong(replayTimeSeconds);
            out.writeInt(peerId);
            out.writeUTF(Ciphers.name(cipher));
            out.writeBoolean(exported);
            out.writeBoolean(ccExit);
            out.writeUTF(peerInfo);
            out.writeUTF(options);
            out.writeByte(nextKeyId);
            out.writeByte(keys.size());
            for (Key key : keys) {
                out.writeByte(key.keyId);
                out.write(key.key2);
                out.writeLong(key.reservedEnd);
                out.writeLong(key.highestReceived);
                out.writeLong(key.bornSeconds);
            }
            if (framing != Framing.NONE) {
                out.writeByte(framing.ordinal());
                out.writeBoolean(compressing);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static SessionState decode(int version, byte[] state) throws HandoverException {
        if (version != UNFRAMED && version != FRAMED) {
            throw new HandoverException("openvpn session state of version " + version + ", this is " + FRAMED);
        }
        try (var in = new DataInputStream(new ByteArrayInputStream(state))) {
            long local = in.readLong();
            long remote = in.readLong();
            StaticKey client = key(in);
            StaticKey dynamic = key(in);
            long time = in.readLong();
            int peerId = in.readInt();
            String name = in.readUTF();
            DataCipher cipher = Ciphers.named(name)
                    .orElseThrow(() -> new HandoverException("openvpn session with an unknown cipher"));
            boolean exported = in.readBoolean();
            boolean ccExit = in.readBoolean();
            String info = in.readUTF();
            String options = in.readUTF();
            int nextKeyId = in.readByte();
            int count = in.readByte();
            if (count < 1 || count > 2 || nextKeyId < 1 || nextKeyId > 7) {
                throw new HandoverException("openvpn session state with " + count + " keys");
            }
            var keys = new ArrayList<Key>(count);
            for (int i = 0; i < count; i++) {
                keys.add(new Key(in.readByte() & 7, in.readNBytes(StaticKey.LENGTH), in.readLong(), in.readLong(), in.readLong()));
            }
            Framing framing = Framing.NONE;
            boolean compressing = false;
            if (version == FRAMED) {
                int ordinal = in.readByte();
                if (ordinal != Framing.COMP_LZO.ordinal() && ordinal != Framing.V2.ordinal()) {
                    throw new HandoverException("openvpn session with an unknown framing");
                }
                framing = Framing.values()[ordinal];
                compressing = in.readBoolean();
            }
            if (in.available() > 0) {
                throw new HandoverException("openvpn session state with bytes behind its end");
            }
            return new SessionState(
                    local, remote, client, dynamic, time, peerId, cipher, exported, ccExit, info, options, nextKeyId, keys,
                    framing, compressing);
        } catch (IOException | IllegalArgumentException e) {
            throw new HandoverException("openvpn session state is cut short or garbled", e);
        }
    }

    private static void key(DataOutputStream out, @Nullable StaticKey key) throws IOException {
        out.writeBoolean(key != null);
        if (key != null) {
            out.write(key.bytes());
        }
    }

    private static @Nullable StaticKey key(DataInputStream in) throws IOException {
        return in.readBoolean() ? new StaticKey(in.readNBytes(StaticKey.LENGTH)) : null;
    }

    @Override
    public String toString() {
        return "SessionState[peer-id " + peerId + ", keys redacted]";
    }
}
