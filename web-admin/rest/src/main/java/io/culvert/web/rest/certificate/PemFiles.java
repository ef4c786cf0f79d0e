package io.culvert.web.rest.certificate;

import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.web.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A certificate chain and a key in two files. */
public final class PemFiles {
    private PemFiles() {}

    /**
     * Reads both.
     *
     * @param chain leaf first
     * @param key unencrypted
     * @throws IOException naming the file and what to do; never with its content
     */
    public static TlsPolicy.Identity read(Path chain, Path key) throws IOException {
        String certificates = text(chain);
        String keyText = text(key);
        try {
            return Pem.identity(certificates, keyText);
        } catch (Problem e) {
            String ofKey = e.fields().get("key");
            throw new IOException(ofKey == null ? chain + " " + e.fields().get("chain") : key + ": the key " + ofKey, e);
        }
    }

    private static String text(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IOException(file + " cannot be read, " + e.getClass().getSimpleName(), e);
        }
    }
}
