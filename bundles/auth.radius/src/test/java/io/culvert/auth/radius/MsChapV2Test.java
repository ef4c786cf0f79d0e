package io.culvert.auth.radius;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class MsChapV2Test {
    @Test
    void shouldGiveTheExampleOfRfc2759() {
        var maths = new MsChapV2(
                HexFormat.of().parseHex("5B5D7C7D7B3F2F3E3C2C602132262628"),
                HexFormat.of().parseHex("21402324255E262A28295F2B3A337C7E"),
                "User",
                "clientPass".getBytes(StandardCharsets.UTF_8));
        assertEquals(
                "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF",
                HexFormat.of().withUpperCase().formatHex(maths.ntResponse()));
        assertEquals("S=407A5589115FD0D6209F510FE9C04566932CDA56", maths.authenticatorResponse());
    }
}
