package io.culvert.backup.age;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AgeFileTest {
    private static final char[] PASSPHRASE = "correct horse battery".toCharArray();

    /** Written by age 1.1.1: {@code age -p}. */
    private static final String BY_AGE =
            "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBvMHdOVm5zUm5YWXIyNDh3dXBsVEV3IDE4Ci9URGdkU2VKaXVHL2NRc0JWdVRK"
                    + "Wk1hZFhFSEltcDRCNFA3MXZiTnlnWmcKLS0tIGdyZTQ0dGkrNFRnYktabW1OMkVsUFpoSHlRSWRmQWx3V3JSMWVkS1h1aEEKrMmT"
                    + "AgEYj2nP93pj8K4URkzyYFwCiUtVkpKWwx0L9EPKGe1F66P1D6mc8Wk7z3eOpbqoXxWqlux1QM+DfyY=";

    private static byte[] seal(byte[] clear) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new AgeOutput(bytes, PASSPHRASE, 4, new SecureRandom())) {
            out.write(clear);
        }
        return bytes.toByteArray();
    }

    private static byte[] open(byte[] sealed) throws IOException {
        try (var in = new AgeInput(new ByteArrayInputStream(sealed), PASSPHRASE)) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 131_072, 200_000})
    void shouldGiveBackWhatWasWritten(int length) throws IOException {
        byte[] clear = new byte[length];
        new Random(length).nextBytes(clear);
        assertArrayEquals(clear, open(seal(clear)));
    }

    @Test
    void shouldReadWhatTheAgeProgramWrote() throws IOException {
        byte[] clear = open(Base64.getDecoder().decode(BY_AGE));
        assertEquals("Culvert reads what age wrote.\n", new String(clear, StandardCharsets.US_ASCII));
    }

    @Test
    void shouldRefuseEveryCutFile() throws IOException {
        byte[] sealed = seal(new byte[150_000]);
        var lengths = new java.util.TreeSet<Integer>();
        for (int i = 0; i < 260; i++) {
            lengths.add(i);
            lengths.add(sealed.length - 1 - i);
        }
        int head = sealed.length - 150_000 - 3 * Chunk.TAG;
        lengths.add(head);
        lengths.add(head + Chunk.LENGTH + Chunk.TAG);
        lengths.add(head + 2 * (Chunk.LENGTH + Chunk.TAG));
        for (int length : lengths) {
            assertThrows(DamagedFileException.class, () -> open(Arrays.copyOf(sealed, length)), "cut to " + length);
        }
    }

    @Test
    void shouldRefuseEveryAlteredByte() throws IOException {
        byte[] sealed = seal("the authority's private key".getBytes(StandardCharsets.US_ASCII));
        for (int i = 0; i < sealed.length; i++) {
            byte[] altered = sealed.clone();
            altered[i] ^= 1;
            int at = i;
            var refusal = assertThrows(IOException.class, () -> open(altered), "byte " + at);
            assertTrue(refusal instanceof DamagedFileException || refusal instanceof WrongPassphraseException,
                    () -> "byte " + at + ": " + refusal);
        }
    }

    @Test
    void shouldRefuseWhatFollowsTheEnd() throws IOException {
        byte[] sealed = seal(new byte[10]);
        assertThrows(DamagedFileException.class, () -> open(Arrays.copyOf(sealed, sealed.length + 1)));
    }

    @Test
    void shouldRefuseExchangedChunks() throws IOException {
        byte[] sealed = seal(new byte[4 * Chunk.LENGTH]);
        int chunk = Chunk.LENGTH + Chunk.TAG;
        int first = sealed.length - 4 * chunk;
        byte[] altered = sealed.clone();
        System.arraycopy(sealed, first, altered, first + chunk, chunk);
        System.arraycopy(sealed, first + chunk, altered, first, chunk);
        assertThrows(DamagedFileException.class, () -> open(altered));
    }

    @Test
    void shouldSayThatThePassphraseIsWrong() throws IOException {
        byte[] sealed = seal(new byte[10]);
        assertThrows(WrongPassphraseException.class,
                () -> new AgeInput(new ByteArrayInputStream(sealed), "correct horse batterY".toCharArray()));
    }

    @Test
    void shouldRefuseWorkThatWouldExhaustTheHost() throws IOException {
        byte[] sealed = seal(new byte[10]);
        String text = new String(sealed, StandardCharsets.ISO_8859_1).replaceFirst(" 4\n", " 22\n");
        assertThrows(DamagedFileException.class, () -> open(text.getBytes(StandardCharsets.ISO_8859_1)));
    }

    @Test
    void shouldNotKnowAnotherFile() {
        assertThrows(DamagedFileException.class, () -> open("PK\3\4 and so on\n".getBytes(StandardCharsets.US_ASCII)));
    }

    /** A file that stays open keeps its room on the disk, even without a name. */
    @Test
    void shouldLetGoOfAFileThatTakesNoMore() throws Exception {
        var closed = new AtomicBoolean();
        var full = new OutputStream() {
            private int left = 1000;

            @Override
            public void write(int b) throws IOException {
                if (--left < 0) {
                    throw new IOException("No space left on device");
                }
            }

            @Override
            public void close() {
                closed.set(true);
            }
        };
        assertThrows(IOException.class, () -> {
            try (var out = new AgeOutput(full, "correct horse battery".toCharArray())) {
                out.write(new byte[1 << 20]);
            }
        });
        assertTrue(closed.get());
    }
}
