package @package@;

import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Credentials;
import java.lang.annotation.Annotation;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class @Class@Test {
    private static AuthDecision answer(String user, String password) {
        var credentials = new Credentials("openvpn", user, password.getBytes(StandardCharsets.UTF_8), List.of(),
                new InetSocketAddress("192.0.2.1", 1194), Map.of());
        return new @Class@(new Fixed("guest", "secret")).authenticate(credentials);
    }

    @Test
    void shouldAcceptTheRightPasswordOnly() {
        assertInstanceOf(AuthDecision.Accepted.class, answer("guest", "secret"));
        assertInstanceOf(AuthDecision.Refused.class, answer("guest", "wrong"));
        assertInstanceOf(AuthDecision.Refused.class, answer("guest", ""));
    }

    @Test
    void shouldLeaveOtherUsersToOthers() {
        assertInstanceOf(AuthDecision.Unknown.class, answer("alice", "secret"));
    }

    private record Fixed(String user, String password) implements @Class@.Settings {
        @Override
        public Class<? extends Annotation> annotationType() {
            return @Class@.Settings.class;
        }
    }
}
