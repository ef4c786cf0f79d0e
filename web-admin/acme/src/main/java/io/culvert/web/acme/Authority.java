package io.culvert.web.acme;

import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.connector.NetworkSettings;
import org.shredzone.acme4j.provider.AbstractAcmeProvider;

/** The way to the authority: one HTTP client for one order, ended with it. */
final class Authority extends AbstractAcmeProvider implements AutoCloseable {
    private static final Duration CONNECT = Duration.ofSeconds(20);

    private static final Duration ENDED = Duration.ofSeconds(5);

    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpClient client;

    /**
     * A client that is not connected yet.
     *
     * @param trust what the authority's own certificate leads to, in PEM; empty for Java's
     * @throws IOException naming the file
     */
    Authority(Optional<Path> trust) throws IOException, GeneralSecurityException {
        SSLContext context = trust.isEmpty() ? null : trusting(trust.get());
        var builder = HttpClient.newBuilder().executor(threads).connectTimeout(CONNECT).followRedirects(HttpClient.Redirect.NORMAL);
        client = context == null ? builder.build() : builder.sslContext(context).build();
    }

    private static @Nullable SSLContext trusting(Path file) throws IOException, GeneralSecurityException {
        KeyStore anchors = KeyStore.getInstance(KeyStore.getDefaultType());
        anchors.load(null, null);
        try (var in = Files.newInputStream(file)) {
            int number = 0;
            for (var each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                anchors.setCertificateEntry("authority-" + number++, each);
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new IOException("trustFile " + file + " cannot be read as certificates in PEM, " + e.getMessage(), e);
        }
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(anchors);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    @Override
    public HttpClient createHttpClient(NetworkSettings settings) {
        return client;
    }

    @Override
    public boolean accepts(URI directory) {
        return true;
    }

    @Override
    public URL resolve(URI directory) {
        try {
            return directory.toURL();
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** Waits for the client's own thread, which would hold on to this bundle's classes. */
    @Override
    public void close() {
        boolean interrupted = Thread.interrupted();
        client.shutdownNow();
        try {
            client.awaitTermination(ENDED);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        threads.shutdownNow();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
