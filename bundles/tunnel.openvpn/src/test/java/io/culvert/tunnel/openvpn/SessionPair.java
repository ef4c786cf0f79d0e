package io.culvert.tunnel.openvpn;

import io.culvert.tunnel.openvpn.control.AuthTokens;
import io.culvert.tunnel.openvpn.data.DataHeader;
import io.culvert.tunnel.openvpn.wire.Opcode;
import io.culvert.tunnel.openvpn.wrap.ClientWrapKey;
import io.culvert.tunnel.openvpn.wrap.Digest;
import io.culvert.tunnel.openvpn.wrap.PlainWrap;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsAuthWrap;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.lang.annotation.Annotation;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Server and client joined by a wire in memory that loses, delays, doubles and garbles datagrams, under virtual time. */
final class SessionPair {
    final VirtualTime time = new VirtualTime();
    final Random random;
    final OpenVpnConfig config;
    final WrapKeys wrapKeys;
    final OpenVpnProtocol protocol;
    final TestCore core;
    final TestClient client;
    final Map<String, Map<String, String>> tokenAttributes = new HashMap<>();
    TestEndpoint clientAt = TestEndpoint.udp("198.51.100.7", 40000);
    double loss;
    double duplication;
    double corruption;
    long maxDelayNs = 20_000_000;

    /** Nonces that the server has used, by session, key-id and packet-id: the client's session-id tells sessions apart. */
    private final Set<List<Integer>> nonces = new HashSet<>();

    SessionPair(long seed, Settings settings) {
        this.random = new Random(seed);
        this.config = OpenVpnConfig.of("test", settings);
        byte[] key = new byte[256];
        random.nextBytes(key);
        this.wrapKeys = WrapKeys.parse(config, WrapKeys.generate(config, key));
        this.protocol = newProtocol();
        this.core = new TestCore(time, random, protocol, (bytes, to) -> {
            noteNonce(bytes);
            if (to.remote().equals(clientAt.remote())) {
                carry(bytes, this::toClient);
            }
        });
        this.client = newClient();
    }

    OpenVpnProtocol newProtocol() {
        byte[] secret = new byte[40];
        random.nextBytes(secret);
        var tokens = new AuthTokens(
                new byte[32], Duration.ofSeconds(config.authTokenSeconds()), new AuthTokens.Attributes() {
                    @Override
                    public void keep(String id, long loginSeconds, Map<String, String> attributes) {
                        tokenAttributes.put(id, attributes);
                    }

                    @Override
                    public Optional<Map<String, String>> find(String id) {
                        return Optional.ofNullable(tokenAttributes.get(id));
                    }
                });
        return new OpenVpnProtocol(config, wrapKeys, tokens, secret);
    }

    private void toClient(byte[] bytes) {
        client.onDatagram(bytes);
    }

    private TestClient newClient() {
        return switch (wrapKeys) {
            case WrapKeys.Plain plain -> newClient(new PlainWrap(), plain.baseKey(), null);
            case WrapKeys.Shared shared when config.wrap() == OpenVpnConfig.Wrap.TLS_AUTH -> newClient(
                    TlsAuthWrap.directed(shared.baseKey(), Digest.SHA256, false), shared.baseKey(), null);
            case WrapKeys.Shared shared -> newClient(new TlsCryptWrap(shared.baseKey(), false), shared.baseKey(), null);
            case WrapKeys.PerClient perClient -> {
                byte[] bytes = new byte[StaticKey.LENGTH];
                random.nextBytes(bytes);
                ClientWrapKey key = perClient.newClientKey(bytes, 1);
                yield newClient(new TlsCryptWrap(key.key(), false), key.key(), key);
            }
        };
    }

    private TestClient newClient(
            io.culvert.tunnel.openvpn.wrap.ControlWrap wrap, StaticKey base, @org.jspecify.annotations.Nullable ClientWrapKey own) {
        return new TestClient(
                time,
                random,
                wrap,
                base,
                own,
                bytes -> carry(bytes, arrived -> core.onDatagram(arrived, clientAt)));
    }

    private void noteNonce(byte[] bytes) {
        if (Opcode.of(bytes[0]) == Opcode.DATA_V2) {
            ByteBuffer in = ByteBuffer.wrap(bytes);
            int head = in.getInt();
            int packetId = in.getInt();
            // Two keys never share an epoch of the pair: attempts and rekeys count them.
            var nonce = List.of(client.attempts, client.rekeys / 7, head >>> 24 & 7, head & DataHeader.NO_PEER_ID, packetId);
            if (!nonces.add(nonce)) {
                throw new AssertionError("packet-id " + packetId + " was used twice under key-id " + (head >>> 24 & 7));
            }
        }
    }

    private void carry(byte[] bytes, java.util.function.Consumer<byte[]> to) {
        int copies = random.nextDouble() < loss ? 0 : random.nextDouble() < duplication ? 2 : 1;
        for (int i = 0; i < copies; i++) {
            byte[] arriving = Arrays.copyOf(bytes, bytes.length);
            if (random.nextDouble() < corruption && arriving.length > 0) {
                arriving[random.nextInt(arriving.length)] ^= (byte) (1 << random.nextInt(8));
            }
            time.after(1_000_000 + (long) (random.nextDouble() * maxDelayNs), () -> to.accept(arriving));
        }
    }

    /** Runs until the client is connected. */
    boolean connect(long limitSeconds) {
        client.start();
        return time.runUntil(client::connected, limitSeconds);
    }

    /** Settings as an operator would write them; the defaults otherwise. */
    static class Settings implements OpenVpnSettings {
        String wrap = "tls-crypt-v2";
        String login = "certificate";
        String transport = "udp";
        String dev = "tun";
        int renegotiateSeconds = 3600;
        long renegotiatePackets;
        int pingSeconds = 10;
        int pingRestartSeconds = 60;
        String[] dataCiphers = {};
        String[] push = {};
        int authTokenSeconds;

        @Override
        public int authTokenSeconds() {
            return authTokenSeconds;
        }

        @Override
        public String transport() {
            return transport;
        }

        @Override
        public String dev() {
            return dev;
        }

        @Override
        public String address() {
            return "::";
        }

        @Override
        public int port() {
            return 1194;
        }

        @Override
        public String wrap() {
            return wrap;
        }

        @Override
        public String login() {
            return login;
        }

        @Override
        public String[] dataCiphers() {
            return dataCiphers;
        }

        @Override
        public String authDigest() {
            return "SHA256";
        }

        @Override
        public String tlsMinVersion() {
            return "1.2";
        }

        @Override
        public String tlsMaxVersion() {
            return "1.3";
        }

        @Override
        public String[] tlsSuites() {
            return new String[0];
        }

        @Override
        public String[] tlsGroups() {
            return new String[] {"X25519MLKEM768", "x25519", "secp256r1"};
        }

        @Override
        public int handshakeSeconds() {
            return 60;
        }

        @Override
        public int renegotiateSeconds() {
            return renegotiateSeconds;
        }

        @Override
        public long renegotiateBytes() {
            return 0;
        }

        @Override
        public long renegotiatePackets() {
            return renegotiatePackets;
        }

        @Override
        public int pingSeconds() {
            return pingSeconds;
        }

        @Override
        public int pingRestartSeconds() {
            return pingRestartSeconds;
        }

        @Override
        public String remoteHost() {
            return "";
        }

        @Override
        public String compression() {
            return "refuse";
        }

        @Override
        public String wrapKeyFile() {
            return "";
        }

        @Override
        public String[] push() {
            return push;
        }

        @Override
        public int clientReceiveBuffer() {
            return 1 << 20;
        }

        @Override
        public int mssFix() {
            return 1492;
        }

        @Override
        public Class<? extends Annotation> annotationType() {
            return OpenVpnSettings.class;
        }
    }
}
