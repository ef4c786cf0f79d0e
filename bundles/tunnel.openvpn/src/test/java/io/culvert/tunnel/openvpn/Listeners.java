package io.culvert.tunnel.openvpn;

import io.culvert.api.tls.TlsPolicy.Version;
import io.culvert.api.tunnel.Transport;
import io.culvert.tunnel.openvpn.OpenVpnConfig.Login;
import io.culvert.tunnel.openvpn.OpenVpnConfig.Wrap;
import io.culvert.tunnel.openvpn.data.Ciphers;
import io.culvert.tunnel.openvpn.wrap.Digest;
import io.culvert.tunnel.openvpn.wrap.ServerWrapKey;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** Listeners for tests in other packages. */
public final class Listeners {
    private Listeners() {}

    public static OpenVpnProtocol plain(Transport transport) {
        return new OpenVpnProtocol(config(transport, Wrap.PLAIN, Login.CERTIFICATE), new WrapKeys.Plain(), new byte[40]);
    }

    /** Asks for a password, and wraps nothing. */
    static OpenVpnProtocol open(Transport transport) {
        return new OpenVpnProtocol(
                config(transport, Wrap.PLAIN, Login.PASSWORD), new WrapKeys.Plain(), new byte[40]);
    }

    /** Each client has a wrap key of its own. */
    static OpenVpnProtocol perClient(Transport transport, ServerWrapKey key) {
        return new OpenVpnProtocol(
                config(transport, Wrap.TLS_CRYPT_V2, Login.PASSWORD), new WrapKeys.PerClient(key), new byte[40]);
    }

    private static OpenVpnConfig config(Transport transport, Wrap wrap, Login login) {
        return new OpenVpnConfig(
                "test",
                transport,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1194),
                wrap,
                login,
                Ciphers.DEFAULT,
                OpenVpnConfig.Compression.REFUSE,
                Digest.SHA256,
                Version.TLS_1_2,
                Version.TLS_1_3,
                List.of(),
                List.of(),
                60,
                3600,
                0,
                0,
                10,
                60,
                "",
                "",
                List.of(),
                1 << 20,
                1492,
                0,
                OpenVpnConfig.Dev.TUN);
    }
}
