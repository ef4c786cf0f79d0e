package io.culvert.tunnel.openvpn;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.TunnelHost;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Where one negotiation has its TLS engine from: the provider that is in force when the engine is made. */
final class TlsSource implements Callable<TlsEngine> {
    private final OpenVpnProtocol protocol;
    private final TunnelHost host;

    /** Written by the thread that makes the engine. */
    private volatile @Nullable TlsProvider provider;

    TlsSource(OpenVpnProtocol protocol, TunnelHost host) {
        this.protocol = protocol;
        this.host = host;
    }

    @Override
    public TlsEngine call() throws Exception {
        TlsProvider now = host.tls().orElseThrow(() -> new TlsException("there is no TLS provider"));
        provider = now;
        return protocol.newEngine(now, host);
    }

    /** Null until the engine is made. */
    @Nullable TlsProvider provider() {
        return provider;
    }
}
