package io.culvert.it.perf;

import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.Netns;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.OpenVpnServer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Culvert and Debian's openvpn, both up all the time in one namespace and on equal terms: same veth pairs, same MTU of
 * 1500 inside and outside, TLS 1.3 with P-256, tls-crypt-v2, the same stock client with the same options. Neither
 * forwards or masquerades, as measuring ends at the server's own address in the tunnel.
 */
final class Rivals implements AutoCloseable {
    static final List<String> TRANSPORTS = List.of("udp", "tcp");
    private static final List<String> NAMES = List.of("culvert", "openvpn");

    /**
     * One of the two with one transport.
     *
     * @param address the server's, inside the tunnel
     * @param serverPid the process that serves
     * @param profiles for client 1, 2 ...
     */
    record Rival(String name, String transport, String address, long serverPid, List<String> profiles) {}

    private final Lab lab;
    private final Map<String, Rival> rivals = new HashMap<>();

    private Rivals(Lab lab) {
        this.lab = lab;
    }

    /** Starts both with both transports. */
    static Rivals open(String labName, int clients) {
        var rivals = new Rivals(Lab.open(labName, clients));
        try {
            rivals.startOurs(clients);
            rivals.startOpenVpn(clients);
            return rivals;
        } catch (RuntimeException | Error e) {
            rivals.close();
            throw e;
        }
    }

    private void startOurs(int clients) {
        var appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        var instances = TRANSPORTS.stream()
                .map(t -> t + ": { transport: " + t + ", port: 1194 }")
                .toList();
        appliance.configure(List.of("redirectGateway: false", "forwarding: false", "masquerade: false"), instances);
        long pid = appliance.up().pid();
        for (int client = 1; client <= clients; client++) {
            appliance.cli("user", "add", user(client)).ok();
        }
        for (var transport : TRANSPORTS) {
            var profiles = new ArrayList<String>();
            for (int client = 1; client <= clients; client++) {
                profiles.add(appliance.profile(user(client), Lab.serverIpv4(client), transport, transport));
            }
            rivals.put("culvert-" + transport, new Rival("culvert", transport, "10.8.0.1", pid, profiles));
        }
    }

    private void startOpenVpn(int clients) {
        for (var transport : TRANSPORTS) {
            var network = "udp".equals(transport) ? "10.9.0" : "10.10.0";
            var server = OpenVpnServer.start(lab, "ov" + transport, transport, 1195, network);
            var profiles = new ArrayList<String>();
            for (int client = 1; client <= clients; client++) {
                profiles.add(server.profile(user(client), Lab.serverIpv4(client)));
            }
            rivals.put(
                    "openvpn-" + transport,
                    new Rival("openvpn", transport, server.address(), server.process().pid(), profiles));
        }
    }

    private static String user(int client) {
        return "client" + client;
    }

    Lab lab() {
        return lab;
    }

    /** Ours, then openvpn. */
    List<Rival> of(String transport) {
        return NAMES.stream().map(name -> rivals.get(name + "-" + transport)).toList();
    }

    /** Connects client {@code number}; to be closed. */
    OpenVpnClient connect(Rival rival, int number, String cipher) {
        Netns host = lab.client(number);
        var label = String.join("-", rival.name, rival.transport, cipher, "" + number);
        var client = OpenVpnClient.start(
                lab, host, label, rival.profiles.get(number - 1), "data-ciphers " + cipher);
        try {
            client.awaitConnected();
            var used = client.line("Data Channel: cipher '[^']+'");
            if (!used.contains(cipher)) {
                throw new AssertionError(label + " was to use " + cipher + ": " + used);
            }
            return client;
        } catch (AssertionError e) {
            client.close();
            throw e;
        }
    }

    @Override
    public void close() {
        lab.close();
    }
}
