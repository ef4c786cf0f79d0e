package io.culvert.swap.trust;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.config.ConfigException;
import io.culvert.signing.JarSigning;
import io.culvert.signing.SigningKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyTrustTest {
    @TempDir
    static Path directory;

    private static SignedJars jars;
    private static SigningKey author;
    private static SigningKey stranger;

    @BeforeAll
    static void makeKeys() throws Exception {
        jars = new SignedJars(directory);
        author = jars.key("author");
        stranger = jars.key("stranger");
    }

    private static KeyTrust trust(boolean allowUnsigned) {
        var keys = TrustedKeys.of(Optional.empty(), List.of(author.fingerprint() + " An author"));
        return new KeyTrust(keys, allowUnsigned);
    }

    private static Verdict verdict(Path jar) throws Exception {
        return trust(false).verdict(jar);
    }

    private static void assertWrong(String part, Path jar) throws Exception {
        var wrong = assertInstanceOf(Verdict.Wrong.class, verdict(jar));
        assertTrue(wrong.reason().contains(part), wrong.reason());
        assertTrue(trust(true).refusal(wrong).isPresent(), "a wrong signature is refused whatever is allowed");
    }

    @Test
    void shouldTrustWhatATrustedKeySigned() throws Exception {
        var verdict = verdict(jars.signed(author));
        assertEquals(new Verdict.Trusted("An author", author.fingerprint()), verdict);
        assertEquals(Optional.empty(), trust(false).refusal(verdict));
    }

    @Test
    void shouldNameTheFingerprintOfAnUnknownKeyAndTheRemedy() throws Exception {
        var verdict = verdict(jars.signed(stranger));
        assertEquals(new Verdict.UnknownKey(stranger.fingerprint()), verdict);
        String refusal = trust(false).refusal(verdict).orElseThrow();
        assertTrue(refusal.contains("culvert module trust " + stranger.fingerprint()), refusal);
        assertEquals(Optional.empty(), trust(true).refusal(verdict));
    }

    @Test
    void shouldRefuseUnsignedUnlessAllowed() throws Exception {
        var verdict = verdict(jars.unsigned());
        assertEquals(new Verdict.Unsigned(), verdict);
        assertTrue(trust(false).refusal(verdict).isPresent());
        assertEquals(Optional.empty(), trust(true).refusal(verdict));
    }

    @Test
    void shouldSeeAnyFlippedBit() throws Exception {
        byte[] whole = Files.readAllBytes(jars.signed(author));
        var random = new Random(7);
        for (int at = 0; at < whole.length; at += 1 + random.nextInt(12)) {
            byte[] spoilt = whole.clone();
            spoilt[at] ^= (byte) (1 << random.nextInt(8));
            var file = Files.write(directory.resolve("flipped.jar"), spoilt);
            // An entry's date, or the serial number of the key's certificate, says nothing of what is loaded.
            if (verdict(file) instanceof Verdict.Trusted) {
                assertEquals(digests(Files.write(directory.resolve("whole.jar"), whole)), digests(file), "at " + at);
            }
        }
    }

    private static Map<String, Integer> digests(Path jar) throws Exception {
        var digests = new java.util.TreeMap<String, Integer>();
        SignedJars.entries(jar).forEach((name, bytes) -> digests.put(name, Arrays.hashCode(bytes)));
        digests.remove("META-INF/CULVERT.EC");
        return digests;
    }

    @Test
    void shouldSurviveEveryTruncation() throws Exception {
        byte[] whole = Files.readAllBytes(jars.signed(author));
        for (int length = 0; length < whole.length; length += 11) {
            var file = Files.write(directory.resolve("cut.jar"), Arrays.copyOf(whole, length));
            assertInstanceOf(Verdict.Wrong.class, verdict(file));
        }
    }

    @Test
    void shouldMissChangedAddedAndRemovedEntries() throws Exception {
        var entries = SignedJars.entries(jars.signed(author));
        entries.put("OSGI-INF/example.xml", "<component immediate='true'/>".getBytes(StandardCharsets.UTF_8));
        assertWrong("OSGI-INF/example.xml", jars.write(entries));

        entries = SignedJars.entries(jars.signed(author));
        entries.put("io/culvert/auth/example/Added.class", new byte[] {1});
        assertWrong("Added.class", jars.write(entries));

        entries = SignedJars.entries(jars.signed(author));
        entries.put("META-INF/versions/26/io/culvert/auth/example/Example.class", new byte[] {1});
        assertWrong("META-INF/versions/26", jars.write(entries));

        entries = SignedJars.entries(jars.signed(author));
        entries.remove("OSGI-INF/example.xml");
        assertWrong("OSGI-INF/example.xml is missing", jars.write(entries));

        entries = SignedJars.entries(jars.signed(author));
        entries.put("lib/", new byte[0]);
        assertWrong("lib/", jars.write(entries));
    }

    @Test
    void shouldRefuseAChangedManifest() throws Exception {
        for (String attack : List.of("Import-Package: sun.misc\r\n", "\r\nName: io/Added.class\r\nX: y\r\n")) {
            var entries = SignedJars.entries(jars.signed(author));
            String manifest = new String(entries.get("META-INF/MANIFEST.MF"), StandardCharsets.UTF_8);
            int main = manifest.indexOf("\r\n\r\n") + 2;
            String changed = attack.startsWith("\r\n")
                    ? manifest + attack.substring(2) + "\r\n"
                    : manifest.substring(0, main) + attack + manifest.substring(main);
            entries.put("META-INF/MANIFEST.MF", changed.getBytes(StandardCharsets.UTF_8));
            assertWrong("anifest", jars.write(entries));
        }
        var entries = SignedJars.entries(jars.signed(author));
        entries.put("meta-inf/manifest.mf", new byte[0]);
        assertWrong("poses as META-INF", jars.write(entries));
        entries = SignedJars.entries(jars.signed(author));
        entries.put("META-INF/Manifest.mf", new byte[0]);
        assertWrong("is there twice", jars.write(entries));
    }

    @Test
    void shouldRefuseTwoSignaturesAndASignatureOfAnotherJar() throws Exception {
        var both = SignedJars.entries(jars.signed(author));
        SignedJars.entries(jars.signed(stranger)).forEach((name, bytes) -> {
            if (name.startsWith("META-INF/CULVERT")) {
                both.put(name.replace("CULVERT", "OTHER"), bytes);
            }
        });
        assertWrong("not one signature", jars.write(both));

        var swapped = SignedJars.entries(jars.signed(author));
        var content = SignedJars.entries(jars.unsigned());
        content.put("another", new byte[] {1});
        Path other = jars.write(content);
        new JarSigning(author).sign(other, other);
        swapped.put("META-INF/CULVERT.EC", SignedJars.entries(other).get("META-INF/CULVERT.EC"));
        assertInstanceOf(Verdict.Wrong.class, verdict(jars.write(swapped)));

        var stripped = SignedJars.entries(jars.signed(author));
        stripped.remove("META-INF/CULVERT.EC");
        assertWrong("not one signature", jars.write(stripped));
        stripped.remove("META-INF/CULVERT.SF");
        assertEquals(new Verdict.Unsigned(), verdict(jars.write(stripped)));
    }

    @Test
    void shouldRefuseWhatHasTwoReadings() throws Exception {
        byte[] whole = Files.readAllBytes(jars.signed(author));
        assertWrong("end as a jar does", jars.write(concatenated(whole, new byte[] {0})));
        assertWrong("not where it should be", jars.write(concatenated("#!/bin/sh\n".getBytes(StandardCharsets.UTF_8), whole)));
        assertWrong("not where it should be", jars.write(concatenated(SignedJars.bytes(Map.of("a", new byte[1])), whole)));

        // The local header says another name than the directory.
        byte[] renamed = whole.clone();
        int local = indexOf(renamed, "OSGI-INF/example.xml", 0);
        renamed[local] = 'o';
        assertWrong("differs from the directory", jars.write(renamed));

        // Two entries of the directory have one name.
        byte[] twice = whole.clone();
        byte[] name = "io/culvert/auth/example/Example.class".getBytes(StandardCharsets.UTF_8);
        var entries = SignedJars.entries(jars.signed(author));
        entries.put("io/culvert/auth/example/Example.clasz", "evil".getBytes(StandardCharsets.UTF_8));
        twice = Files.readAllBytes(jars.write(entries));
        for (int at = indexOf(twice, "Example.clasz", 0); at >= 0; at = indexOf(twice, "Example.clasz", at)) {
            System.arraycopy(name, name.length - 13, twice, at, 13);
        }
        assertWrong("is there twice", jars.write(twice));

        // The directory leaves an entry out that a reader of local headers would find.
        byte[] hidden = whole.clone();
        var end = ByteBuffer.wrap(hidden).order(ByteOrder.LITTLE_ENDIAN);
        int count = end.getShort(hidden.length - 12);
        end.putShort(hidden.length - 12, (short) (count - 1)).putShort(hidden.length - 14, (short) (count - 1));
        assertWrong("does not fill its place", jars.write(hidden));
    }

    @Test
    void shouldRefuseAnEntryThatGoesOnBehindItsSize() throws Exception {
        byte[] whole = Files.readAllBytes(jars.signed(author));
        var file = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
        int directory = file.getInt(whole.length - 6);
        int name = indexOf(whole, "Example.class", directory);
        int central = new String(whole, StandardCharsets.ISO_8859_1).lastIndexOf("PK\001\002", name);
        int descriptor = indexOf(whole, "PK\007\b", file.getInt(central + 42));
        int size = file.getInt(central + 24);
        file.putInt(central + 24, size - 1).putInt(descriptor + 12, size - 1);
        assertWrong("not as long as it says", jars.write(whole));
    }

    private static byte[] concatenated(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    private static int indexOf(byte[] bytes, String text, int from) {
        return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text, from);
    }

    @Test
    void shouldLookAgainWhenTheFileChanges() throws Exception {
        var trust = trust(false);
        Path jar = jars.signed(author);
        assertInstanceOf(Verdict.Trusted.class, trust.verdict(jar));
        var modified = Files.getLastModifiedTime(jar);
        byte[] bytes = Files.readAllBytes(jar);
        bytes[indexOf(bytes, "OSGI-INF/example.xml", 0) + 25] ^= 1;
        Files.write(jar, bytes);
        Files.setLastModifiedTime(jar, modified);
        assertInstanceOf(Verdict.Wrong.class, trust.verdict(jar));
    }

    @Test
    void shouldFollowTheSettings() throws Exception {
        var trust = trust(false);
        Path jar = jars.signed(stranger);
        assertInstanceOf(Verdict.UnknownKey.class, trust.verdict(jar));
        String withColons = stranger.fingerprint().toUpperCase(java.util.Locale.ROOT).replaceAll("(..)(?=.)", "$1:");
        trust.trust(TrustedKeys.of(Optional.empty(), List.of(withColons + " A stranger no more")));
        assertEquals(new Verdict.Trusted("A stranger no more", stranger.fingerprint()), trust.verdict(jar));
        var problem = assertThrows(ConfigException.class, () -> TrustedKeys.of(Optional.empty(), List.of("abc somebody")));
        assertEquals("trustedKeys", problem.attribute());
    }

    @Test
    void shouldAlwaysTrustTheReleaseKey() throws Exception {
        Path certificate = Files.writeString(directory.resolve("release-key.pem"), stranger.pem());
        var trust = new KeyTrust(TrustedKeys.of(Optional.of(certificate), List.of()), false);
        Path jar = jars.unsigned();
        new JarSigning(stranger).sign(jar, jar);
        assertEquals(new Verdict.Trusted("this release", stranger.fingerprint()), trust.verdict(jar));
    }
}
