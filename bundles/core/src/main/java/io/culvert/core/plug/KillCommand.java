package io.culvert.core.plug;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.tunnel.CloseCause;
import java.util.Map;

/** {@code kill}: ends one session by its id, or all of a user's. */
final class KillCommand implements Command {
    private final LiveSessions sessions;

    KillCommand(LiveSessions sessions) {
        this.sessions = sessions;
    }

    @Override
    public String name() {
        return "kill";
    }

    @Override
    public Object run(Map<String, Object> arguments, Reply reply) throws CommandException, InterruptedException {
        if (!(arguments.get("session") instanceof String which) || which.isBlank()) {
            throw new CommandException("kill: session is missing: give a session's id or a user's name");
        }
        int ended = sessions.end(
                session -> Long.toHexString(session.id()).equals(which)
                        || session.peer().filter(peer -> peer.user().equals(which)).isPresent(),
                new CloseCause(CloseCause.Kind.KILLED, "ended by an operator", ""));
        if (ended == 0) {
            throw new CommandException("no session has the id or the user '" + which + "': 'culvert sessions' lists them");
        }
        return Map.of("ended", ended);
    }
}
