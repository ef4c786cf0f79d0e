package io.culvert.signing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;

/** A private key and its certificate, from a PKCS #12 key store. */
public final class SigningKey {
    private static final String KEY_STORE = "key.p12";
    private static final String PASSWORD = "password";
    private static final int PASSWORD_BYTES = 32;

    private final KeyStore.PrivateKeyEntry entry;

    private SigningKey(KeyStore.PrivateKeyEntry entry) {
        this.entry = entry;
    }

    /**
     * The only private key of a key store.
     *
     * @param password is wiped
     */
    public static SigningKey open(Path keyStore, char[] password) throws SigningException {
        try (var in = Files.newInputStream(keyStore)) {
            var store = KeyStore.getInstance("PKCS12");
            store.load(in, password);
            List<String> keys = new ArrayList<>();
            for (String alias : Collections.list(store.aliases())) {
                if (store.isKeyEntry(alias)) {
                    keys.add(alias);
                }
            }
            if (keys.size() != 1) {
                throw new SigningException(keyStore + ": holds " + keys.size() + " keys, and one is needed");
            }
            var protection = new KeyStore.PasswordProtection(password);
            return new SigningKey((KeyStore.PrivateKeyEntry) store.getEntry(keys.getFirst(), protection));
        } catch (IOException | GeneralSecurityException e) {
            throw new SigningException(keyStore + ": cannot be opened, is it PKCS #12 and the password right? ("
                    + e.getClass().getSimpleName() + ")", e);
        } finally {
            Arrays.fill(password, '\0');
        }
    }

    /** As {@link #open(Path, char[])}, with the password in the first line of a file. */
    public static SigningKey open(Path keyStore, Path passwordFile) throws SigningException {
        try {
            byte[] bytes = Files.readAllBytes(passwordFile);
            char[] all = StandardCharsets.UTF_8.decode(java.nio.ByteBuffer.wrap(bytes)).array();
            int end = 0;
            while (end < all.length && all[end] != '\n' && all[end] != '\r' && all[end] != '\0') {
                end++;
            }
            char[] password = Arrays.copyOf(all, end);
            Arrays.fill(all, '\0');
            Arrays.fill(bytes, (byte) 0);
            return open(keyStore, password);
        } catch (IOException e) {
            throw new SigningException(passwordFile + ": the password of " + keyStore + " cannot be read from it", e);
        }
    }

    /**
     * The key in {@code directory}, made at the first call: EC P-256, for its owner only.
     *
     * @param name the common name of a certificate that is made now
     */
    public static SigningKey openOrMake(Path directory, String name) throws SigningException {
        try {
            if (!Files.exists(directory)) {
                make(directory, name);
            }
            return open(directory.resolve(KEY_STORE), directory.resolve(PASSWORD));
        } catch (IOException e) {
            throw new SigningException(directory + ": no signing key can be made there: " + e.getMessage(), e);
        }
    }

    /** Made beside its place and moved there at once, so that two builds do not see each other's half. */
    private static void make(Path directory, String name) throws IOException, SigningException {
        Path absolute = directory.toAbsolutePath();
        Files.createDirectories(absolute.getParent());
        Path fresh = Files.createTempDirectory(absolute.getParent(), ".signing",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var random = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(random);
        var privately = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        Path password = Files.createFile(fresh.resolve(PASSWORD), privately);
        Files.writeString(password, Base64.getEncoder().withoutPadding().encodeToString(random) + "\n");
        keytool(fresh.resolve(KEY_STORE), password, name);
        Files.setPosixFilePermissions(fresh.resolve(KEY_STORE), PosixFilePermissions.fromString("rw-------"));
        try {
            Files.move(fresh, absolute, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (!Files.exists(absolute.resolve(KEY_STORE))) {
                throw e;
            }
            Files.delete(fresh.resolve(KEY_STORE));
            Files.delete(password);
            Files.delete(fresh);
        }
    }

    /** The JDK makes certificates with this tool only. The password stays out of its arguments. */
    private static void keytool(Path keyStore, Path password, String name) throws IOException, SigningException {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                        "-genkeypair", "-alias", "culvert", "-keyalg", "EC", "-groupname", "secp256r1",
                        "-sigalg", "SHA256withECDSA", "-validity", "36500",
                        "-dname", "CN=" + name.replaceAll("[^A-Za-z0-9 ._@-]", "_"),
                        "-storetype", "PKCS12", "-keystore", keyStore.toString(),
                        "-storepass:file", password.toString())
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new SigningException("keytool made no key: " + said.strip());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SigningException("interrupted while keytool made a key", e);
        }
    }

    KeyStore.PrivateKeyEntry entry() {
        return entry;
    }

    /** Self-signed, or the first of a chain. */
    public Certificate certificate() {
        return entry.getCertificate();
    }

    /** SHA-256 of the public key (its SubjectPublicKeyInfo), lower-case hex: what the appliance shows and trusts. */
    public String fingerprint() {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(certificate().getPublicKey().getEncoded());
            return HexFormat.of().formatHex(hash);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The certificate as a PEM file holds it (RFC 7468). */
    public String pem() {
        try {
            return "-----BEGIN CERTIFICATE-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate().getEncoded())
                    + "\n-----END CERTIFICATE-----\n";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public String toString() {
        return "key " + fingerprint();
    }
}
