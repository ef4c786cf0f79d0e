package io.culvert.web.acme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.testsupport.MemoryStore;
import io.culvert.testsupport.TestAuthority;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class KeptTest {
    private static final URI ONE = URI.create("https://one.example/dir");
    private static final URI OTHER = URI.create("https://other.example/dir");

    private final MemoryStore store = new MemoryStore();

    @Test
    void shouldKeepOneAccountForEachAuthority() throws Exception {
        var account = new Kept(store).account(ONE);
        assertEquals(account.getPrivate(), new Kept(store).account(ONE).getPrivate());
        assertEquals(account.getPublic(), new Kept(store).account(ONE).getPublic());
        assertNotEquals(account.getPublic(), new Kept(store).account(OTHER).getPublic());
    }

    @Test
    void shouldKeepTheCertificateOfTheAuthorityThatIsAskedNow() throws Exception {
        var identity = new TestAuthority("authority")
                .server(List.of("localhost"), Instant.now().minusSeconds(60), Instant.now().plusSeconds(600));
        new Kept(store).keep(ONE, identity);
        var read = new Kept(store).certificate(ONE).orElseThrow();
        assertEquals(identity.chain(), read.chain());
        assertEquals(identity.key(), read.key());
        assertTrue(new Kept(store).certificate(OTHER).isEmpty());
    }
}
