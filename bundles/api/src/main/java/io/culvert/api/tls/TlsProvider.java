package io.culvert.api.tls;

import org.osgi.annotation.versioning.ConsumerType;

/** Makes TLS engines. Implemented by TLS bundles; called on any thread but a packet loop, several at once. */
@ConsumerType
public interface TlsProvider {
    /** The provider's name for logs and settings: {@code jsse}. */
    String name();

    /**
     * A server engine.
     *
     * @throws TlsException when the policy cannot be met; the message names the setting
     */
    TlsEngine newServerEngine(TlsPolicy policy) throws TlsException;

    /**
     * A client engine, for self-tests and peers of our own.
     *
     * @throws TlsException when the policy cannot be met; the message names the setting
     */
    TlsEngine newClientEngine(TlsPolicy policy) throws TlsException;
}
