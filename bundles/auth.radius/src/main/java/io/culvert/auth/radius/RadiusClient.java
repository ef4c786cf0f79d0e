package io.culvert.auth.radius;

import io.culvert.auth.radius.RadiusPacket.Attribute;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.SocketTimeoutException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Asks one server after the other until one answers. Each request has a socket of its own, so that its number tells it
 * from nobody else's and a stray answer finds nobody. What is not clearly an answer to the request is ignored.
 */
final class RadiusClient {
    /** A server that did not answer is asked last for so long. */
    private static final long SHUNNED_NS = TimeUnit.SECONDS.toNanos(30);

    private final List<Server> servers;
    private final Seals seals;
    private final int timeoutMs;
    private final int tries;
    private final boolean signed;
    private final SecureRandom random = new SecureRandom();
    private final Map<Server, Long> shunnedUntil = new ConcurrentHashMap<>();

    /** A name or an address, looked up for each request. */
    record Server(String host, int port) {
        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    /**
     * @param timeoutMs for each try
     * @param tries for each server
     * @param signed whether answers to access requests must have a Message-Authenticator
     */
    RadiusClient(List<Server> servers, Seals seals, int timeoutMs, int tries, boolean signed) {
        this.servers = List.copyOf(servers);
        this.seals = seals;
        this.timeoutMs = timeoutMs;
        this.tries = tries;
        this.signed = signed;
    }

    /**
     * The answer to an Access-Request.
     *
     * @param attributes gets the request's authenticator, which hides passwords
     * @throws IOException when no server answers
     */
    RadiusPacket access(Function<byte[], List<Attribute>> attributes) throws IOException {
        byte[] authenticator = new byte[16];
        random.nextBytes(authenticator);
        List<Attribute> all = new ArrayList<>();
        all.add(new Attribute(Attribute.MESSAGE_AUTHENTICATOR, new byte[16]));
        all.addAll(attributes.apply(authenticator));
        var request = new RadiusPacket(RadiusPacket.ACCESS_REQUEST, random.nextInt(256), authenticator, all);
        return ask(seals.signed(request.encode()), authenticator, true);
    }

    /** Returns when a server has taken note. */
    void account(List<Attribute> attributes) throws IOException {
        var request = new RadiusPacket(
                RadiusPacket.ACCOUNTING_REQUEST, random.nextInt(256), new byte[16], attributes);
        byte[] bytes = seals.accounted(request.encode());
        ask(bytes, Arrays.copyOfRange(bytes, 4, 20), false);
    }

    private RadiusPacket ask(byte[] request, byte[] authenticator, boolean access) throws IOException {
        List<String> reasons = new ArrayList<>();
        for (Server server : inOrder()) {
            try {
                Optional<RadiusPacket> answer = ask(server, request, authenticator, access);
                if (answer.isPresent()) {
                    shunnedUntil.remove(server);
                    return answer.get();
                }
                reasons.add(server + " does not answer");
            } catch (IOException e) {
                reasons.add(server + ": " + (e instanceof PortUnreachableException ? "nobody is there" : e.getMessage()));
            }
            shunnedUntil.put(server, System.nanoTime() + SHUNNED_NS);
            if (Thread.currentThread().isInterrupted()) {
                break;
            }
        }
        throw new IOException("RADIUS: " + String.join(", ", reasons));
    }

    private List<Server> inOrder() {
        long now = System.nanoTime();
        List<Server> order = new ArrayList<>();
        List<Server> last = new ArrayList<>();
        for (Server server : servers) {
            Long until = shunnedUntil.get(server);
            (until != null && now - until < 0 ? last : order).add(server);
        }
        order.addAll(last);
        return order;
    }

    private Optional<RadiusPacket> ask(Server server, byte[] request, byte[] authenticator, boolean access)
            throws IOException {
        try (var socket = new DatagramSocket()) {
            socket.connect(new InetSocketAddress(InetAddress.getByName(server.host()), server.port()));
            for (int i = 0; i < tries; i++) {
                socket.send(new DatagramPacket(request, request.length));
                Optional<RadiusPacket> answer = await(socket, request[1] & 0xFF, authenticator, access);
                if (answer.isPresent() || Thread.currentThread().isInterrupted()) {
                    return answer;
                }
            }
            return Optional.empty();
        }
    }

    private Optional<RadiusPacket> await(DatagramSocket socket, int id, byte[] authenticator, boolean access)
            throws IOException {
        long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        byte[] buffer = new byte[RadiusPacket.MAX];
        while (true) {
            long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
            if (left <= 0) {
                return Optional.empty();
            }
            var packet = new DatagramPacket(buffer, buffer.length);
            socket.setSoTimeout((int) left);
            try {
                socket.receive(packet);
            } catch (SocketTimeoutException e) {
                return Optional.empty();
            }
            Optional<RadiusPacket> answer = RadiusPacket.decode(buffer, packet.getLength())
                    .filter(each -> each.id() == id)
                    .filter(each -> access == (each.code() != RadiusPacket.ACCOUNTING_RESPONSE));
            if (answer.isPresent()) {
                int length = (buffer[2] & 0xFF) << 8 | buffer[3] & 0xFF;
                byte[] exact = Arrays.copyOf(buffer, length);
                if (seals.answers(exact, authenticator)) {
                    if (access && signed && !seals.isSigned(exact, authenticator)) {
                        throw new IOException("answers without a Message-Authenticator, which can be forged: update the"
                                + " server, or set requireMessageAuthenticator: false");
                    }
                    return answer;
                }
            }
        }
    }
}
