package io.culvert.backup.age;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.generators.SCrypt;

/**
 * The header of a file for one passphrase (age.md, sections "Header" and "The scrypt recipient type"):
 *
 * <pre>
 * age-encryption.org/v1
 * -&gt; scrypt SALT LOG2N
 * the file key, sealed under scrypt(passphrase)
 * --- MAC
 * </pre>
 */
final class AgeHeader {
    /** 64 MiB and some tenths of a second: what an appliance with the start script's heap can spare. */
    static final int WORK = 16;

    private static final int MOST_WORK = 18;
    private static final String VERSION = "age-encryption.org/v1";
    private static final int KEY = 16;
    private static final int SALT = 16;
    private static final int MAX_LINE = 256;
    private static final Pattern STANZA = Pattern.compile("-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)");
    private static final byte[] NOTHING = {};

    private AgeHeader() {}

    /** A header, and the file key that it seals. */
    record Sealed(byte[] header, byte[] fileKey) {}

    static Sealed seal(char[] passphrase, int work, SecureRandom random) throws GeneralSecurityException {
        byte[] fileKey = new byte[KEY];
        byte[] salt = new byte[SALT];
        random.nextBytes(fileKey);
        random.nextBytes(salt);
        byte[] wrap = wrapKey(passphrase, salt, work);
        byte[] body = wrapping(Cipher.ENCRYPT_MODE, wrap).doFinal(fileKey);
        Arrays.fill(wrap, (byte) 0);
        String text = VERSION + "\n-> scrypt " + base64(salt) + " " + work + "\n" + base64(body) + "\n---";
        byte[] maced = text.getBytes(StandardCharsets.US_ASCII);
        String header = text + " " + base64(mac(fileKey, maced)) + "\n";
        return new Sealed(header.getBytes(StandardCharsets.US_ASCII), fileKey);
    }

    /**
     * Reads a header, up to the payload, and gives the file key.
     *
     * @throws WrongPassphraseException when it was sealed under another one
     * @throws DamagedFileException when it is no header, or was altered
     */
    static byte[] open(InputStream in, char[] passphrase) throws IOException {
        if (!VERSION.equals(line(in))) {
            throw new DamagedFileException("it does not begin with " + VERSION);
        }
        String stanza = line(in);
        Matcher scrypt = STANZA.matcher(stanza);
        if (!scrypt.matches()) {
            throw new DamagedFileException("it was not sealed with a passphrase");
        }
        int work = Integer.parseInt(scrypt.group(2));
        if (work > MOST_WORK) {
            throw new DamagedFileException("its work factor " + work + " is above " + MOST_WORK);
        }
        String body = line(in);
        String end = line(in);
        if (!end.startsWith("--- ")) {
            throw new DamagedFileException("its header has no end");
        }
        try {
            byte[] wrap = wrapKey(passphrase, bytes(scrypt.group(1), SALT), work);
            byte[] fileKey;
            try {
                fileKey = wrapping(Cipher.DECRYPT_MODE, wrap).doFinal(bytes(body, KEY + 16));
            } catch (AEADBadTagException e) {
                throw new WrongPassphraseException();
            } finally {
                Arrays.fill(wrap, (byte) 0);
            }
            String maced = VERSION + "\n" + stanza + "\n" + body + "\n---";
            byte[] mac = mac(fileKey, maced.getBytes(StandardCharsets.US_ASCII));
            if (!MessageDigest.isEqual(mac, bytes(end.substring(4), mac.length))) {
                throw new DamagedFileException("its header was altered");
            }
            return fileKey;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK lacks what age files need", e);
        }
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("it ends within its header");
            }
            if (b < ' ' || b > '~' || line.length() == MAX_LINE) {
                throw new DamagedFileException("it is no age file");
            }
            line.append((char) b);
        }
        return line.toString();
    }

    private static byte[] wrapKey(char[] passphrase, byte[] salt, int work) {
        byte[] label = (VERSION + "/scrypt").getBytes(StandardCharsets.US_ASCII);
        byte[] labelled = Arrays.copyOf(label, label.length + salt.length);
        System.arraycopy(salt, 0, labelled, label.length, salt.length);
        byte[] secret = new String(passphrase).getBytes(StandardCharsets.UTF_8);
        try {
            return SCrypt.generate(secret, labelled, 1 << work, 8, 1, 32);
        } finally {
            Arrays.fill(secret, (byte) 0);
        }
    }

    /** Seals one key under another that is used once: the nonce is zero. */
    private static Cipher wrapping(int mode, byte[] key) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("ChaCha20-Poly1305");
        cipher.init(mode, new SecretKeySpec(key, "ChaCha20"), new IvParameterSpec(new byte[12]));
        return cipher;
    }

    private static byte[] mac(byte[] fileKey, byte[] header) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(derive(fileKey, NOTHING, "header"), "HmacSHA256"));
        return mac.doFinal(header);
    }

    /** HKDF-SHA-256 (RFC 5869), 32 bytes. */
    static byte[] derive(byte[] key, byte[] salt, String info) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(salt.length == 0 ? new byte[32] : salt, "HmacSHA256"));
        mac.init(new SecretKeySpec(mac.doFinal(key), "HmacSHA256"));
        mac.update(info.getBytes(StandardCharsets.US_ASCII));
        return mac.doFinal(new byte[] {1});
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().withoutPadding().encodeToString(bytes);
    }

    private static byte[] bytes(String text, int length) throws DamagedFileException {
        try {
            byte[] bytes = Base64.getDecoder().decode(text);
            if (bytes.length == length && base64(bytes).equals(text)) {
                return bytes;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new DamagedFileException("its header was altered");
    }
}
