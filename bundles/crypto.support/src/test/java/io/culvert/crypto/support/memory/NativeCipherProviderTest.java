package io.culvert.crypto.support.memory;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.DataCipher;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NativeCipherProviderTest {
    private final Library library = new Library();

    @Test
    void shouldKeepTheLibraryOfAProvider() {
        try (var provider = NativeCipherProvider.of(library, Provider::new)) {
            assertTrue(library.loaded(), provider.name());
        }
        assertTrue(library.unloaded);
    }

    @Test
    void shouldUnloadTheLibraryOfAProviderThatCannotBeMade() {
        assertThrows(IllegalStateException.class, () -> NativeCipherProvider.of(library, loaded -> {
            new Provider(loaded).openKey(DataCipher.AES_128_GCM, new byte[16], 0);
            throw new AssertionError("a key of a library that has none");
        }));
        assertFalse(library.loaded());
        assertTrue(library.unloaded);
    }

    private static final class Library extends CipherLibrary {
        private boolean unloaded;

        Library() {
            super("a library without ciphers");
        }

        @Override
        protected void unload() {
            assertFalse(unloaded);
            unloaded = true;
        }
    }

    private static final class Provider extends NativeCipherProvider {
        Provider(Library library) {
            super(library);
        }

        @Override
        public String name() {
            return "none";
        }

        @Override
        public Set<DataCipher> ciphers() {
            return Set.of();
        }

        @Override
        protected AeadKey newKey(DataCipher cipher, byte[] key, int offset) {
            throw new IllegalStateException("no memory");
        }
    }
}
