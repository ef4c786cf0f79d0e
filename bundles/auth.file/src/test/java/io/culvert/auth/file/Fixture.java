package io.culvert.auth.file;

import io.culvert.api.auth.Credentials;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.status.TunnelStatus;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.Transport;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The bundle's classes around one file, with cheap hashes. */
final class Fixture {
    static final Argon2Hash.Cost CHEAP = new Argon2Hash.Cost(64, 1, 1);

    final Path path;
    final UsersFile file;
    final FileDirectory directory;
    final FakeSessions sessions = new FakeSessions();
    final List<Object> parts = new ArrayList<>();
    @Nullable LiveSessions live = sessions;
    private final List<Command> commands;

    Fixture(Path home) {
        path = home.resolve("etc").resolve("users");
        file = new UsersFile(path);
        directory = new FileDirectory(file, false);
        commands = new UserCommands(file, CHEAP, new SecureRandom(), () -> live).all();
    }

    Object run(String command, Map<String, Object> arguments) throws CommandException, InterruptedException {
        return commands.stream()
                .filter(each -> each.name().equals(command))
                .findFirst()
                .orElseThrow()
                .run(arguments, parts::add);
    }

    static Credentials login(String user, String password) {
        return new Credentials(
                "openvpn", user, password.getBytes(StandardCharsets.UTF_8), List.of(), new InetSocketAddress(1), Map.of());
    }

    static PeerIdentity peer(String user) {
        return new PeerIdentity(user, "", Map.of());
    }

    final class FakeSessions implements LiveSessions {
        final List<SessionStatus> present = new ArrayList<>();
        final List<CloseCause> causes = new ArrayList<>();

        void add(String user) {
            present.add(new SessionStatus(
                    present.size(), "openvpn", "udp", Optional.of(peer(user)), Optional.empty(), Transport.UDP,
                    new InetSocketAddress(1), Instant.EPOCH, true, 0, 0, 0, 0, new TunnelStatus("up", "", "", "")));
        }

        @Override
        public List<SessionStatus> list() {
            return List.copyOf(present);
        }

        /** What is ended must be refused by then: its client tries again at once. */
        @Override
        public int end(Predicate<SessionStatus> which, CloseCause cause) {
            causes.add(cause);
            int ended = 0;
            for (Iterator<SessionStatus> each = present.iterator(); each.hasNext(); ) {
                SessionStatus session = each.next();
                if (which.test(session)) {
                    each.remove();
                    ended += refused(session) ? 1 : 0;
                }
            }
            return ended;
        }

        private boolean refused(SessionStatus session) {
            try {
                return directory.refusal(session.peer().orElseThrow()).isPresent();
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }
}
