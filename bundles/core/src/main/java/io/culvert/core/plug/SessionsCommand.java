package io.culvert.core.plug;

import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.command.Command;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionStatus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** {@code sessions}: one map for each session, oldest first. */
final class SessionsCommand implements Command {
    private final LiveSessions sessions;

    SessionsCommand(LiveSessions sessions) {
        this.sessions = sessions;
    }

    @Override
    public String name() {
        return "sessions";
    }

    @Override
    public Object run(Map<String, Object> arguments, Reply reply) {
        return sessions.list().stream().map(SessionsCommand::map).toList();
    }

    private static Map<String, Object> map(SessionStatus session) {
        List<String> addresses = new ArrayList<>();
        session.addresses().ifPresent(both -> {
            both.ipv4().ifPresent(address -> addresses.add(address.getHostAddress()));
            both.ipv6().ifPresent(address -> addresses.add(address.getHostAddress()));
        });
        var remote = session.remote();
        String host = remote.getAddress().getHostAddress();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("id", Long.toHexString(session.id()));
        map.put("user", session.peer().map(PeerIdentity::user).orElse(""));
        map.put("protocol", session.protocol());
        map.put("instance", session.instance());
        map.put("addresses", addresses);
        map.put("transport", session.transport().name().toLowerCase(Locale.ROOT));
        map.put("remote", (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + remote.getPort());
        map.put("since", session.since().toString());
        map.put("established", session.established());
        map.put("packetsIn", session.packetsIn());
        map.put("bytesIn", session.bytesIn());
        map.put("packetsOut", session.packetsOut());
        map.put("bytesOut", session.bytesOut());
        map.put("state", session.tunnel().state());
        map.put("cipher", session.tunnel().cipher());
        map.put("control", session.tunnel().control());
        map.put("client", session.tunnel().client());
        map.put("modules", new TreeMap<>(session.modules()));
        return map;
    }
}
