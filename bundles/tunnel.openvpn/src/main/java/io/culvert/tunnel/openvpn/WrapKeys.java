package io.culvert.tunnel.openvpn;

import io.culvert.tunnel.openvpn.wrap.ClientWrapKey;
import io.culvert.tunnel.openvpn.wrap.ControlWrap;
import io.culvert.tunnel.openvpn.wrap.PlainWrap;
import io.culvert.tunnel.openvpn.wrap.ServerWrapKey;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import io.culvert.tunnel.openvpn.wrap.TlsAuthWrap;
import io.culvert.tunnel.openvpn.wrap.TlsCryptWrap;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** One listener's key for the control channel, of the kind that its settings ask for. */
sealed interface WrapKeys {
    /** The wrap that all clients share; null when each has its own. */
    @Nullable ControlWrap shared();

    /** What dynamic tls-crypt mixes its key with; all zero without a key. */
    StaticKey baseKey();

    /** The key file's text, for the store; empty when there is none to keep. */
    String format();

    record Plain() implements WrapKeys {
        private static final PlainWrap WRAP = new PlainWrap();
        private static final StaticKey ZERO = new StaticKey(new byte[StaticKey.LENGTH]);

        @Override
        public ControlWrap shared() {
            return WRAP;
        }

        @Override
        public StaticKey baseKey() {
            return ZERO;
        }

        @Override
        public String format() {
            return "";
        }
    }

    /** tls-auth and tls-crypt: one key for all. */
    record Shared(ControlWrap shared, StaticKey baseKey) implements WrapKeys {
        @Override
        public String format() {
            return baseKey.format();
        }

        @Override
        public String toString() {
            return "Shared[redacted]";
        }
    }

    /** tls-crypt-v2: each client has its own key, wrapped for the server. */
    record PerClient(ServerWrapKey server) implements WrapKeys {
        private static final byte TIMESTAMP = 1;

        @Override
        public @Nullable ControlWrap shared() {
            return null;
        }

        @Override
        public StaticKey baseKey() {
            throw new IllegalStateException("tls-crypt-v2 has no key that all clients share");
        }

        @Override
        public String format() {
            return server.format();
        }

        /** A new client's key file. */
        ClientWrapKey newClientKey(byte[] random, long unixSeconds) {
            var key = new StaticKey(random);
            byte[] metadata =
                    ByteBuffer.allocate(9).put(TIMESTAMP).putLong(unixSeconds).array();
            return new ClientWrapKey(key, server.wrap(key, metadata));
        }

        @Override
        public String toString() {
            return "PerClient[redacted]";
        }
    }

    /**
     * The keys in a key file's text.
     *
     * @throws IllegalArgumentException when it is no key of that kind; the message holds nothing of it
     */
    static WrapKeys parse(OpenVpnConfig config, String text) {
        return switch (config.wrap()) {
            case PLAIN -> new Plain();
            case TLS_AUTH -> {
                StaticKey key = StaticKey.parse(text);
                yield new Shared(TlsAuthWrap.directed(key, config.authDigest(), true), key);
            }
            case TLS_CRYPT -> {
                StaticKey key = StaticKey.parse(text);
                yield new Shared(new TlsCryptWrap(key, true), key);
            }
            case TLS_CRYPT_V2 -> new PerClient(ServerWrapKey.parse(text));
        };
    }

    /** A new key file's text of the kind that {@code config} asks for. */
    static String generate(OpenVpnConfig config, byte[] random256) {
        return switch (config.wrap()) {
            case PLAIN -> "";
            case TLS_AUTH, TLS_CRYPT -> new StaticKey(random256).format();
            case TLS_CRYPT_V2 -> new ServerWrapKey(java.util.Arrays.copyOf(random256, ServerWrapKey.LENGTH)).format();
        };
    }
}
