package io.culvert.tunnel.openvpn.control;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.tunnel.openvpn.wire.KeyMethod2;
import io.culvert.tunnel.openvpn.wrap.StaticKey;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Both key-method-2 messages of a negotiation, and the keys that come of them and of TLS.
 *
 * @param client the client's message; zeroed by {@link #zero}
 */
public record KeyExchange(KeyMethod2 client, byte[] serverRandom1, byte[] serverRandom2) {
    private static final String DATA_LABEL = "EXPORTER-OpenVPN-datakeys";
    private static final String DYNAMIC_LABEL = "EXPORTER-OpenVPN-dynamic-tls-crypt";

    /** How keys are to be made. */
    public enum Derivation {
        /** From TLS if it can, else from the messages: the client takes both. */
        EXPORT_IF_POSSIBLE,
        /** From TLS, as agreed before. */
        EXPORT,
        /** From the messages. */
        PRF
    }

    /**
     * @param key2 256 bytes of data keys
     * @param exported whether they come from TLS
     * @param dynamicKey 256 bytes for wrapping later negotiations, before the base key is mixed in
     * @param tls the TLS version and suite
     */
    public record Keys(byte[] key2, boolean exported, byte @Nullable [] dynamicKey, String tls) {
        @Override
        public String toString() {
            return "Keys[redacted]";
        }
    }

    /**
     * The negotiation's keys.
     *
     * @param dynamic whether keys for dynamic tls-crypt are wanted
     * @throws TlsException when TLS must export and cannot
     */
    public Keys derive(
            TlsEngine engine, Derivation derivation, boolean dynamic, long clientSessionId, long serverSessionId)
            throws TlsException {
        String tls = engine.description();
        if (derivation != Derivation.PRF) {
            try {
                byte[] key2 = engine.exportKeyingMaterial(DATA_LABEL, StaticKey.LENGTH);
                byte[] dynamicKey = dynamic ? engine.exportKeyingMaterial(DYNAMIC_LABEL, StaticKey.LENGTH) : null;
                return new Keys(key2, true, dynamicKey, tls);
            } catch (TlsException e) {
                if (derivation == Derivation.EXPORT) {
                    throw e;
                }
                // TLS 1.2 without the extended master secret: the randoms are as good as for older clients.
            }
        }
        byte[] key2 = KeySource.key2(
                client.preMaster(),
                client.random1(),
                serverRandom1,
                client.random2(),
                serverRandom2,
                clientSessionId,
                serverSessionId);
        return new Keys(key2, false, null, tls);
    }

    /** Overwrites the secrets. */
    public void zero() {
        client.zero();
        Arrays.fill(serverRandom1, (byte) 0);
        Arrays.fill(serverRandom2, (byte) 0);
    }

    @Override
    public String toString() {
        return "KeyExchange[redacted]";
    }
}
