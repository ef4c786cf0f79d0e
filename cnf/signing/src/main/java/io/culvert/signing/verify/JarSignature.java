package io.culvert.signing.verify;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.CodeSigner;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.zip.ZipFile;

/**
 * Who signed a jar (JAR File Specification, "Signed JAR File"). The JDK verifies the signature and each entry's digest;
 * beyond that, all entries must have one and the same signer, none may be missing, and the manifest must be to the byte
 * the one that was signed.
 */
public final class JarSignature {
    private static final String MANIFEST = "META-INF/MANIFEST.MF";
    private static final Pattern SIGNATURE_FILE = Pattern.compile("META-INF/[^/]+\\.SF", Pattern.CASE_INSENSITIVE);
    private static final Pattern SIGNATURE_RELATED = Pattern.compile(
            "META-INF/([^/]+\\.(SF|RSA|DSA|EC)|SIG-[^/]*)", Pattern.CASE_INSENSITIVE);
    private static final List<String> DIGESTS = List.of("SHA-256", "SHA-384", "SHA-512");

    private final JarFile jar;
    /** The same file as a class loader reads it. */
    private final ZipFile plain;
    private final List<String> names;
    private final byte[] buffer = new byte[16 * 1024];

    private JarSignature(JarFile jar, ZipFile plain, List<String> names) {
        this.jar = jar;
        this.plain = plain;
        this.names = names;
    }

    /**
     * The key that signed every entry; empty when nothing is signed.
     *
     * @throws BrokenJarException when there is a signature, and it does not hold
     */
    public static Optional<PublicKey> signer(Path file) throws IOException, BrokenJarException {
        List<String> names = ZipLayout.names(file);
        try (var jar = new JarFile(file.toFile(), true, ZipFile.OPEN_READ); var plain = new ZipFile(file.toFile())) {
            return new JarSignature(jar, plain, names).signer();
        } catch (SecurityException e) {
            throw new BrokenJarException(String.valueOf(e.getMessage()));
        } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
            throw new BrokenJarException("it cannot be unpacked");
        }
    }

    private Optional<PublicKey> signer() throws IOException, BrokenJarException {
        List<String> related = names.stream().filter(n -> SIGNATURE_RELATED.matcher(n).matches()).toList();
        if (related.isEmpty()) {
            return Optional.empty();
        }
        List<String> files = related.stream().filter(n -> SIGNATURE_FILE.matcher(n).matches()).toList();
        if (files.size() != 1 || related.size() != 2) {
            throw new BrokenJarException("it has not one signature but parts of several");
        }
        if (!names.contains(MANIFEST)) {
            throw new BrokenJarException("its manifest is missing");
        }
        for (String name : names) {
            requireSize(name);
        }
        requireWholeManifest(files.getFirst());
        PublicKey key = null;
        Set<String> unsigned = new HashSet<>(related);
        unsigned.add(MANIFEST);
        for (String name : names) {
            if (!unsigned.contains(name) && !emptyDirectory(name)) {
                PublicKey own = key(name);
                if (key != null && !key.equals(own)) {
                    throw new BrokenJarException("its entries are signed by different keys");
                }
                key = own;
            }
        }
        if (key == null) {
            throw new BrokenJarException("there is nothing in it that is signed");
        }
        requireAll(jar.getManifest());
        return Optional.of(key);
    }

    /**
     * Attack: more packed bytes than the entry's size tells. The JDK verifies up to that size, and a class loader reads on
     * to the end.
     */
    private void requireSize(String name) throws IOException, BrokenJarException {
        var entry = plain.getEntry(name);
        long left = entry.getSize();
        try (InputStream in = plain.getInputStream(entry)) {
            for (int read = in.read(buffer); read >= 0 && left >= 0; read = in.read(buffer)) {
                left -= read;
            }
        }
        if (left != 0) {
            throw new BrokenJarException("the entry " + name + " is not as long as it says");
        }
    }

    /** Directories are not signed, so they must add nothing: each holds a signed entry. */
    private boolean emptyDirectory(String name) throws BrokenJarException {
        if (!name.endsWith("/")) {
            return false;
        }
        if (jar.getEntry(name).getSize() != 0 || names.stream().noneMatch(n -> n.length() > name.length() && n.startsWith(name))) {
            throw new BrokenJarException("the directory " + name + " is not part of what was signed");
        }
        return true;
    }

    private PublicKey key(String name) throws IOException, BrokenJarException {
        JarEntry entry = jar.getJarEntry(name);
        try (InputStream in = jar.getInputStream(entry)) {
            while (in.read(buffer) >= 0) {
                // The JDK compares the digest at the end of the entry.
            }
        }
        CodeSigner[] signers = entry.getCodeSigners();
        if (signers == null) {
            throw new BrokenJarException("the entry " + name + " is not covered by a signature that holds");
        }
        if (signers.length != 1) {
            throw new BrokenJarException("the entry " + name + " has " + signers.length + " signatures");
        }
        return signers[0].getSignerCertPath().getCertificates().getFirst().getPublicKey();
    }

    private void requireAll(Manifest manifest) throws BrokenJarException {
        for (String name : manifest.getEntries().keySet()) {
            if (!names.contains(name)) {
                throw new BrokenJarException("the entry " + name + " is missing");
            }
        }
    }

    /**
     * Attack: headers or sections added to the manifest. The JDK is content when the parts that the signature names are
     * unchanged; we want the digest of all of it, which every signing tool writes.
     */
    private void requireWholeManifest(String signatureFile) throws IOException, BrokenJarException {
        byte[] manifest = bytes(MANIFEST);
        var digests = new Manifest(new java.io.ByteArrayInputStream(bytes(signatureFile))).getMainAttributes();
        for (String algorithm : DIGESTS) {
            String expected = digests.getValue(algorithm + "-Digest-Manifest");
            if (expected != null) {
                byte[] actual = digest(algorithm, manifest);
                if (!expected.equals(Base64.getEncoder().encodeToString(actual))) {
                    throw new BrokenJarException("its manifest was changed after it was signed");
                }
                return;
            }
        }
        throw new BrokenJarException("its signature has no SHA-2 digest of the manifest");
    }

    private byte[] bytes(String name) throws IOException {
        try (InputStream in = plain.getInputStream(plain.getEntry(name))) {
            return in.readAllBytes();
        }
    }

    /**
     * The fingerprint of a certificate's key.
     *
     * @param certificate a PEM file
     */
    public static String fingerprint(Path certificate) throws IOException, CertificateException {
        try (var in = Files.newInputStream(certificate)) {
            return fingerprint(CertificateFactory.getInstance("X.509").generateCertificate(in).getPublicKey());
        }
    }

    /**
     * A file's state, for remembering what was found: the inode's change time moves with every write, and nobody can set
     * it back.
     */
    public static String state(Path file) throws IOException {
        return new TreeMap<>(Files.readAttributes(
                        file, "unix:ino,dev,size,lastModifiedTime,ctime", LinkOption.NOFOLLOW_LINKS))
                .toString();
    }

    /** SHA-256 of a public key, lower-case hex. */
    public static String fingerprint(PublicKey key) {
        return java.util.HexFormat.of().formatHex(digest("SHA-256", key.getEncoded()));
    }

    private static byte[] digest(String algorithm, byte[] bytes) {
        try {
            return MessageDigest.getInstance(algorithm).digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** As a line in a file or a message: no control characters from a jar that nobody trusts. */
    public static String printable(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
    }
}
