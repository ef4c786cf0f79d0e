package io.culvert.tunnel.openvpn;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import io.culvert.api.tunnel.TunnelProtocol;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class OpenVpnComponentTest {
    static Stream<Method> methods() {
        return Arrays.stream(TunnelProtocol.class.getMethods());
    }

    /** A default of the interface would answer in the protocol's place. */
    @ParameterizedTest
    @MethodSource("methods")
    void shouldLeaveEveryAnswerToTheProtocol(Method method) {
        assertDoesNotThrow(() -> OpenVpnComponent.class.getDeclaredMethod(method.getName(), method.getParameterTypes()));
    }
}
