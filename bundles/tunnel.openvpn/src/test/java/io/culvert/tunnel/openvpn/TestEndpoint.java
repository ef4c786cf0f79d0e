package io.culvert.tunnel.openvpn;

import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.Transport;
import java.net.InetAddress;
import java.net.InetSocketAddress;

record TestEndpoint(Transport transport, InetSocketAddress remote) implements Endpoint {
    static TestEndpoint udp(String address, int port) {
        return new TestEndpoint(Transport.UDP, new InetSocketAddress(InetAddress.ofLiteral(address), port));
    }

    static TestEndpoint tcp(String address, int port) {
        return new TestEndpoint(Transport.TCP, new InetSocketAddress(InetAddress.ofLiteral(address), port));
    }

    @Override
    public InetAddress local() {
        return InetAddress.ofLiteral("192.0.2.1");
    }

    @Override
    public int localPort() {
        return 1194;
    }

    @Override
    public long keyedHash() {
        return remote.hashCode() * 0x9E3779B97F4A7C15L;
    }
}
