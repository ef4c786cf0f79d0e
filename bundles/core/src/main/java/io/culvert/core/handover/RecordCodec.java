package io.culvert.core.handover;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.network.TunnelAddresses;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.Transport;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Session records as bytes, big-endian:
 *
 * <pre>
 * u8  format: 1
 * str protocol, str instance
 * u32 version of state
 * u64 session id
 * str user, str profile
 * u16 number of attributes, each str name, str value, by name
 * adr IPv4 address or none, adr IPv6 address or none
 * u8  transport: 1 UDP, 2 TCP
 * adr remote, u16 port, adr local, u16 port
 * u32 length of state, state
 * </pre>
 *
 * A str is a u16 length and UTF-8; an adr is a u8 length (0, 4, 16) and bytes, and u32 scope id after 16 of them.
 */
public final class RecordCodec {
    private static final int FORMAT = 1;
    private static final int UDP = 1;
    private static final int TCP = 2;
    private static final int IPV4_BYTES = 4;
    private static final int IPV6_BYTES = 16;

    private RecordCodec() {}

    /**
     * Equal records give equal bytes.
     *
     * @throws IllegalArgumentException when a text is longer than 65,535 bytes or the remote address is a mere name
     */
    public static byte[] encode(SessionRecord record) {
        var bytes = new ByteArrayOutputStream(256 + record.state().length);
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(FORMAT);
            text(out, record.protocol());
            text(out, record.instance());
            out.writeInt(record.version());
            out.writeLong(record.sessionId());
            text(out, record.peer().user());
            text(out, record.peer().profile());
            var attributes = new TreeMap<>(record.peer().attributes());
            out.writeShort(checkedLength(attributes.size(), "attributes"));
            for (Map.Entry<String, String> attribute : attributes.entrySet()) {
                text(out, attribute.getKey());
                text(out, attribute.getValue());
            }
            address(out, record.addresses().ipv4().orElse(null));
            address(out, record.addresses().ipv6().orElse(null));
            SessionRecord.RemoteEnd endpoint = record.endpoint();
            out.writeByte(endpoint.transport() == Transport.UDP ? UDP : TCP);
            if (endpoint.remote().isUnresolved()) {
                throw new IllegalArgumentException("the remote end is a name: " + endpoint.remote());
            }
            address(out, endpoint.remote().getAddress());
            out.writeShort(endpoint.remote().getPort());
            address(out, endpoint.local());
            out.writeShort(endpoint.localPort());
            out.writeInt(record.state().length);
            out.write(record.state());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeShort(checkedLength(bytes.length, "bytes of text"));
        out.write(bytes);
    }

    private static int checkedLength(int length, String what) {
        if (length > 0xffff) {
            throw new IllegalArgumentException(length + " " + what + " are more than 65535");
        }
        return length;
    }

    private static void address(DataOutputStream out, @org.jspecify.annotations.Nullable InetAddress address)
            throws IOException {
        if (address == null) {
            out.writeByte(0);
            return;
        }
        byte[] bytes = address.getAddress();
        out.writeByte(bytes.length);
        out.write(bytes);
        if (address instanceof Inet6Address ipv6) {
            out.writeInt(ipv6.getScopeId());
        }
    }

    /**
     * @throws HandoverException saying what is wrong with the bytes, never what is in them
     */
    public static SessionRecord decode(byte[] bytes) throws HandoverException {
        var in = new Reader(ByteBuffer.wrap(bytes));
        int format = in.u8("format");
        if (format != FORMAT) {
            throw new HandoverException("session record of format " + format + ", this version reads " + FORMAT);
        }
        String protocol = in.text("protocol");
        String instance = in.text("instance");
        int version = in.i32("version");
        long sessionId = in.i64("session id");
        String user = in.text("user");
        String profile = in.text("profile");
        var attributes = new HashMap<String, String>();
        for (int left = in.u16("attributes"); left > 0; left--) {
            attributes.put(in.text("attribute"), in.text("attribute"));
        }
        var addresses = new TunnelAddresses(
                in.address("IPv4 address", Inet4Address.class), in.address("IPv6 address", Inet6Address.class));
        Transport transport = switch (in.u8("transport")) {
            case UDP -> Transport.UDP;
            case TCP -> Transport.TCP;
            default -> throw new HandoverException("session record with an unknown transport");
        };
        var remote = new InetSocketAddress(in.requiredAddress("remote address"), in.u16("remote port"));
        InetAddress local = in.requiredAddress("local address");
        int localPort = in.u16("local port");
        byte[] state = in.bytes(in.i32("length of state"), "state");
        in.end();
        return new SessionRecord(
                protocol,
                instance,
                version,
                sessionId,
                new PeerIdentity(user, profile, attributes),
                addresses,
                new SessionRecord.RemoteEnd(transport, remote, local, localPort),
                state);
    }

    /** Takes values from the front, and names the one that is not there. */
    private record Reader(ByteBuffer buffer) {
        byte[] bytes(int length, String what) throws HandoverException {
            if (length < 0 || length > buffer.remaining()) {
                throw new HandoverException("session record is cut short in " + what);
            }
            byte[] bytes = new byte[length];
            buffer.get(bytes);
            return bytes;
        }

        private void need(int length, String what) throws HandoverException {
            if (length > buffer.remaining()) {
                throw new HandoverException("session record is cut short in " + what);
            }
        }

        int u8(String what) throws HandoverException {
            need(1, what);
            return Byte.toUnsignedInt(buffer.get());
        }

        int u16(String what) throws HandoverException {
            need(2, what);
            return Short.toUnsignedInt(buffer.getShort());
        }

        int i32(String what) throws HandoverException {
            need(4, what);
            return buffer.getInt();
        }

        long i64(String what) throws HandoverException {
            need(8, what);
            return buffer.getLong();
        }

        String text(String what) throws HandoverException {
            byte[] bytes = bytes(u16(what), what);
            try {
                return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
            } catch (CharacterCodingException e) {
                throw new HandoverException("session record with a " + what + " that is not UTF-8");
            }
        }

        InetAddress requiredAddress(String what) throws HandoverException {
            return address(what, InetAddress.class).orElseThrow(() -> new HandoverException("session record without " + what));
        }

        <T extends InetAddress> Optional<T> address(String what, Class<T> family) throws HandoverException {
            int length = u8(what);
            try {
                InetAddress address = switch (length) {
                    case 0 -> null;
                    case IPV4_BYTES -> InetAddress.getByAddress(bytes(IPV4_BYTES, what));
                    case IPV6_BYTES -> ipv6(bytes(IPV6_BYTES, what), i32(what));
                    default -> throw new HandoverException("session record with " + what + " of " + length + " bytes");
                };
                if (address != null && !family.isInstance(address)) {
                    throw new HandoverException("session record with " + what + " of " + length + " bytes");
                }
                return Optional.ofNullable(address).map(family::cast);
            } catch (UnknownHostException e) {
                throw new HandoverException("session record with a bad " + what, e);
            }
        }

        /** A scope id of 0 and none read alike. */
        private static InetAddress ipv6(byte[] bytes, int scope) throws UnknownHostException {
            return Inet6Address.getByAddress(null, bytes, scope > 0 ? scope : -1);
        }

        void end() throws HandoverException {
            if (buffer.hasRemaining()) {
                throw new HandoverException("session record with " + buffer.remaining() + " bytes too many");
            }
        }
    }
}
