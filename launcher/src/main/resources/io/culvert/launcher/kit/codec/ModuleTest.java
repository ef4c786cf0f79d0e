package @package@;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.lang.annotation.Annotation;
import org.junit.jupiter.api.Test;

class @Class@Test {
    @Test
    void shouldMakeACoderForEachLoop() {
        var codec = new @Class@(new Fixed(false));
        assertNotNull(codec.newCoder());
        assertEquals(1L, codec.status().get("coders"));
    }

    private record Fixed(boolean encode) implements @Class@.Settings {
        @Override
        public Class<? extends Annotation> annotationType() {
            return @Class@.Settings.class;
        }
    }
}
