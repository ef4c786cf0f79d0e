package @package@;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.annotation.Annotation;
import org.junit.jupiter.api.Test;

/** Once it makes engines: extend {@code io.culvert.testsupport.TlsProviderContract}, which has all that they have to do. */
class @Class@Test {
    @Test
    void shouldShowItsLimit() {
        var provider = new @Class@(new Fixed(7));
        assertEquals("@name@", provider.name());
        assertEquals(7, provider.status().get("limit"));
    }

    private record Fixed(int engines) implements @Class@.Settings {
        @Override
        public Class<? extends Annotation> annotationType() {
            return @Class@.Settings.class;
        }
    }
}
