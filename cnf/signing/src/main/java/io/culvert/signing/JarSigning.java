package io.culvert.signing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;
import java.util.zip.ZipFile;
import jdk.security.jarsigner.JarSigner;
import jdk.security.jarsigner.JarSignerException;

/** JAR signatures: every entry by one key. */
public final class JarSigning {
    private final JarSigner signer;

    public JarSigning(SigningKey key) throws SigningException {
        try {
            var builder = new JarSigner.Builder(key.entry()).digestAlgorithm("SHA-256").signerName("CULVERT");
            if (key.entry().getPrivateKey().getAlgorithm().equals("EC")) {
                builder.signatureAlgorithm("SHA256withECDSA");
            }
            signer = builder.build();
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new SigningException("the key's algorithm cannot sign jars: " + e.getMessage(), e);
        }
    }

    /**
     * Writes {@code signed}, at once and as a whole. Both may be the same file.
     *
     * @throws SigningException when {@code jar} is no jar, or is signed already
     */
    public void sign(Path jar, Path signed) throws SigningException {
        try {
            Path fresh = Files.createTempFile(signed.toAbsolutePath().getParent(), ".", ".tmp");
            try (var in = new ZipFile(jar.toFile()); var out = Files.newOutputStream(fresh)) {
                refuseSigned(jar, in);
                signer.sign(in, out);
            } catch (IOException | JarSignerException | SigningException e) {
                Files.deleteIfExists(fresh);
                throw e;
            }
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(fresh, signed, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | JarSignerException e) {
            throw new SigningException(jar + ": cannot be signed: " + e.getMessage(), e);
        }
    }

    /** A second signature beside the first would leave it open whose module it is. */
    private static void refuseSigned(Path jar, ZipFile in) throws SigningException {
        boolean isSigned = in.stream()
                .map(entry -> entry.getName().toUpperCase(Locale.ROOT))
                .anyMatch(name -> name.startsWith("META-INF/") && name.endsWith(".SF"));
        if (isSigned) {
            throw new SigningException(jar + ": is signed already; build it anew to sign it with another key");
        }
    }
}
