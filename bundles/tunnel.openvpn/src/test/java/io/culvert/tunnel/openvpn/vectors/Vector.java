package io.culvert.tunnel.openvpn.vectors;

import io.culvert.tunnel.openvpn.wrap.ClientWrapKey;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.Digest;
import io.culvert.tunnel.openvpn.wrap.PlainWrap;
import io.culvert.tunnel.openvpn.wrap.ServerWrapKey;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsAuthWrap;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A recorded session between stock peers: what was on the wire, the secrets, and what it means.
 *
 * @param packets OpenVPN packets in the order in which they were complete; of a stream, without their length
 * @param secrets keys and configurations
 * @param expected what a decoder of its own made of it
 */
public record Vector(String name, List<Packet> packets, Json secrets, Json expected) {
    public static final List<String> NAMES = List.of(
            "01-tlscrypt-aes256gcm-tls13-ekm",
            "02-tlsauth-sha256-chacha20",
            "03-plain-tls12-prf-aes256gcm",
            "04-tlscryptv2-aes256gcm",
            "05-tcp-tlscrypt-aes128gcm",
            "06-legacy-aes256cbc-sha256-datav1",
            "07-aes256cbc-sha256-datav2-ekm",
            "08-renegotiation-dyn-tlscrypt",
            "09-compress-stub-v1",
            "09b-compress-stub-v2",
            "09c-comp-lzo-no",
            "10-fragment",
            "11-epoch-aes256gcm-ovpn27",
            "11b-epoch-chacha20-ovpn27",
            "12-auth-pending-crtext-restart",
            "13-auth-failed",
            "14-push-continuation-ipv6-dns",
            "15-tap-aes256gcm");

    /**
     * One packet.
     *
     * @param n of the line that completes it
     */
    public record Packet(int n, boolean toServer, byte[] bytes) {}

    public static List<Vector> all() {
        return NAMES.stream().map(Vector::load).toList();
    }

    public static Vector load(String name) {
        Json secrets = Json.parse(resource(name + "/secrets.json"));
        List<Packet> segments = segments(name);
        List<Packet> packets = secrets.text("transport").equals("tcp") ? unframed(segments) : segments;
        return new Vector(name, packets, secrets, Json.parse(resource(name + "/expected.json")));
    }

    /** Known answers of single functions. */
    public static List<Json> knownAnswers() {
        return Json.parseList(resource("kat.json"));
    }

    /** Datagrams, or the segments of a stream. */
    public static List<Packet> segments(String name) {
        return resource(name + "/packets.jsonl").lines().map(Json::parse)
                .map(line -> new Packet(line.integer("n"), line.text("dir").equals("c2s"), line.hex("hex")))
                .toList();
    }

    private static List<Packet> unframed(List<Packet> segments) {
        var packets = new ArrayList<Packet>();
        Map<Boolean, byte[]> rest = new HashMap<>();
        for (Packet segment : segments) {
            var joined = new ByteArrayOutputStream();
            joined.writeBytes(rest.getOrDefault(segment.toServer(), new byte[0]));
            joined.writeBytes(segment.bytes());
            ByteBuffer stream = ByteBuffer.wrap(joined.toByteArray());
            while (stream.remaining() >= 2 && stream.remaining() >= 2 + stream.getShort(stream.position())) {
                byte[] packet = new byte[stream.getShort()];
                stream.get(packet);
                packets.add(new Packet(segment.n(), segment.toServer(), packet));
            }
            rest.put(segment.toServer(), Arrays.copyOfRange(stream.array(), stream.position(), stream.limit()));
        }
        return packets;
    }

    @Override
    public String toString() {
        return name;
    }

    // ---- keys

    /** The wrapping of the server's or the client's end. */
    public ControlWrap wrap(boolean server) {
        Json wrap = secrets.object("wrap");
        return switch (wrap.text("mode")) {
            case "none" -> new PlainWrap();
            case "tls-auth" -> {
                Digest digest = Digest.named(wrap.text("digest")).orElseThrow();
                yield wrap.has("key_direction")
                        ? TlsAuthWrap.directed(staticKey(), digest, server)
                        : TlsAuthWrap.undirected(staticKey(), digest);
            }
            case "tls-crypt" -> new TlsCryptWrap(staticKey(), server);
            case "tls-crypt-v2" -> new TlsCryptWrap(clientKey().key(), server);
            default -> throw new AssertionError(wrap.text("mode"));
        };
    }

    /** The wrapping of packets with {@code keyId}. */
    public ControlWrap wrap(boolean server, int keyId) {
        return keyId > 0 && expected.has("dynamic_tls_crypt_key2")
                ? new TlsCryptWrap(new StaticKey(expected.hex("dynamic_tls_crypt_key2")), server)
                : wrap(server);
    }

    public StaticKey staticKey() {
        return StaticKey.parse(secrets.object("wrap").text("static_key_file"));
    }

    public ServerWrapKey serverKey() {
        return ServerWrapKey.parse(secrets.object("wrap").text("server_key_file"));
    }

    public ClientWrapKey clientKey() {
        return ClientWrapKey.parse(secrets.object("wrap").text("client_key_file"));
    }

    public boolean wrapsKeys() {
        return secrets.object("wrap").text("mode").equals("tls-crypt-v2");
    }

    public byte[] key2(int keyId) {
        return expected.object("keys").object(Integer.toString(keyId)).hex("key2");
    }

    // ---- data

    public boolean isCbc() {
        return expected.has("cipher") && expected.text("cipher").endsWith("-CBC");
    }

    public boolean isEpoch() {
        return expected.text("push").contains("aead-epoch");
    }

    /** The packet that line {@code n} completes; only for datagrams and for lines with one packet. */
    public List<Packet> at(int n) {
        return packets.stream().filter(p -> p.n() == n).toList();
    }

    private static String resource(String path) {
        try (InputStream in = Objects.requireNonNull(Vector.class.getResourceAsStream("/vectors/" + path), path)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
