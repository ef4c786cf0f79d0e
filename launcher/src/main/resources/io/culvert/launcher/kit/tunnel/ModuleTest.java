package @package@;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.culvert.api.config.ConfigException;
import java.lang.annotation.Annotation;
import org.junit.jupiter.api.Test;

class @Class@Test {
    @Test
    void shouldListenWhereTheSettingsSay() {
        var protocol = new @Class@(new Fixed("127.0.0.1", 4000));
        assertEquals(4000, protocol.listeners().getFirst().address().getPort());
        assertThrows(ConfigException.class, () -> new @Class@(new Fixed("::", 0)));
    }

    private record Fixed(String address, int port) implements @Class@.Settings {
        @Override
        public Class<? extends Annotation> annotationType() {
            return @Class@.Settings.class;
        }
    }
}
