package io.culvert.tunnel.openvpn.control;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.culvert.tunnel.openvpn.vectors.Json;
import io.culvert.tunnel.openvpn.vectors.Vector;
import org.junit.jupiter.api.Test;

class KeySourceTest {
    @Test
    void shouldDeriveTheMasterSecretOfTheKnownAnswer() {
        Json answer = Vector.knownAnswers().stream()
                .filter(a -> a.text("name").equals("openvpn-prf"))
                .findFirst()
                .orElseThrow();
        byte[] master = KeySource.prf(
                answer.hex("pre_master"),
                "OpenVPN master secret",
                48,
                answer.hex("client_random1"),
                answer.hex("server_random1"));
        assertArrayEquals(answer.hex("master"), master);
    }
}
