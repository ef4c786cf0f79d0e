package io.culvert.control.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.culvert.api.auth.UserDirectory;
import io.culvert.api.command.CommandException;
import io.culvert.api.tunnel.ProfileSource;
import io.culvert.api.tunnel.Transport;
import io.culvert.control.command.ProfileCommand.Remote;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProfileCommandTest {
    private final List<Object> services = new ArrayList<>(List.of(
            (UserDirectory) name -> switch (name) {
                case "alice" -> Optional.of(new UserDirectory.User(name, true, false));
                case "bob" -> Optional.of(new UserDirectory.User(name, false, false));
                default -> Optional.empty();
            },
            new Source("tcp", Transport.TCP, false),
            new Source("udp", Transport.UDP, false)));

    private final ProfileCommand command = new ProfileCommand(this::all);

    private <T> List<T> all(Class<T> type) {
        return services.stream().filter(type::isInstance).map(type::cast).toList();
    }

    private record Source(String instance, Transport transport, boolean needsCertificate) implements ProfileSource {
        @Override
        public String protocol() {
            return "openvpn";
        }

        @Override
        public boolean isBridged() {
            return instance.equals("lan");
        }

        @Override
        public String write(ProfileRequest request) {
            if (request.host().isEmpty()) {
                throw new IllegalArgumentException("no host is known; use --remote HOST");
            }
            return instance + " " + request.host().get() + " " + request.port();
        }
    }

    private Object profile(String... arguments) throws CommandException {
        var map = new HashMap<String, Object>(Map.of("name", "alice", "remote", "vpn.example.org"));
        for (int i = 0; i < arguments.length; i += 2) {
            map.put(arguments[i], arguments[i + 1]);
        }
        return command.run(map, part -> true);
    }

    private String refused(String... arguments) {
        return assertThrows(CommandException.class, () -> profile(arguments)).getMessage();
    }

    @Test
    void shouldPreferUdpAndTakeWhatIsAskedFor() throws CommandException {
        assertEquals("udp vpn.example.org OptionalInt.empty", ((Map<?, ?>) profile()).get("profile"));
        assertEquals(
                "tcp 192.0.2.1 OptionalInt[443]",
                ((Map<?, ?>) profile("transport", "tcp", "remote", "192.0.2.1:443")).get("profile"));
        assertEquals("tcp", ((Map<?, ?>) profile("instance", "tcp")).get("instance"));
    }

    @Test
    void shouldTakeAListenerThatBridgesOnlyWhenItIsAskedForOrAlone() throws CommandException {
        services.add(new Source("lan", Transport.UDP, false));
        assertEquals("udp", ((Map<?, ?>) profile()).get("instance"));
        assertEquals("lan", ((Map<?, ?>) profile("instance", "lan")).get("instance"));
        services.removeIf(each -> each instanceof Source source && !source.isBridged());
        assertEquals("lan", ((Map<?, ?>) profile()).get("instance"));
    }

    @Test
    void shouldRefuseUnknownAndDisabledUsers() {
        assertEquals("there is no user eve; add one with: culvert user add eve", refused("name", "eve"));
        assertEquals("user bob is disabled; enable with: culvert user enable bob", refused("name", "bob"));
        services.removeIf(UserDirectory.class::isInstance);
        assertEquals("no module knows users; add auth.file to the modules in etc/culvert.yaml", refused());
    }

    @Test
    void shouldNameTheTunnelsThereAre() {
        assertEquals(
                "no running tunnel is like that; there is openvpn tcp (tcp), openvpn udp (udp)",
                refused("protocol", "wireguard"));
        services.removeIf(ProfileSource.class::isInstance);
        assertEquals("no tunnel is running; see: culvert status", refused());
    }

    @Test
    void shouldPassOnWhatTheSourceLacks() {
        assertEquals("no host is known; use --remote HOST", refused("remote", ""));
    }

    @Test
    void shouldAskForAnAuthorityWhenACertificateIsNeeded() {
        services.add(new Source("sealed", Transport.UDP, true));
        assertEquals(
                "this profile needs a certificate, and no module issues them;"
                        + " add pki to the modules in etc/culvert.yaml",
                refused("instance", "sealed"));
    }

    @Test
    void shouldReadRemotes() throws CommandException {
        assertEquals(new Remote(Optional.of("a.b"), OptionalInt.of(1)), Remote.parse("a.b:1"));
        assertEquals(new Remote(Optional.of("2001:db8::1"), OptionalInt.empty()), Remote.parse("2001:db8::1"));
        assertEquals(new Remote(Optional.of("2001:db8::1"), OptionalInt.of(443)), Remote.parse("[2001:db8::1]:443"));
        assertEquals(new Remote(Optional.empty(), OptionalInt.empty()), Remote.parse(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a:", "a:0", "a:65536", "a:b", "[::1", "[::1]1", "[::1]:", "a b", "a\nscript-security 3", "\""})
    void shouldRefuseMalformedRemotes(String remote) {
        assertThrows(CommandException.class, () -> Remote.parse(remote));
    }
}
