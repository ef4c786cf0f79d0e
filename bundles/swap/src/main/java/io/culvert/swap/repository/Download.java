package io.culvert.swap.repository;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Copies a file, or what an HTTP server has, onto this disk: no more bytes than asked for, in no more time than the limit.
 * A redirect is followed from https to https only, and a few times.
 */
final class Download {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final int MAX_REDIRECTS = 5;

    private final Duration limit;

    /** @param limit for one download as a whole */
    Download(Duration limit) {
        this.limit = limit;
    }

    /** @throws IOException in one line that names the location and what is wrong with it */
    void copy(URI from, long maxBytes, Path to) throws IOException, InterruptedException {
        switch (String.valueOf(from.getScheme())) {
            case "file" -> copyFile(Path.of(from), maxBytes, to);
            case "http", "https" -> get(from, maxBytes, to);
            default -> throw new IOException(from + ": neither a path nor a file, http or https address");
        }
    }

    private static void copyFile(Path from, long maxBytes, Path to) throws IOException {
        if (!Files.isRegularFile(from)) {
            throw new IOException(from + ": there is no such file");
        }
        try (InputStream in = Files.newInputStream(from); OutputStream out = Files.newOutputStream(to)) {
            byte[] buffer = new byte[64 * 1024];
            long left = maxBytes;
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                left -= read;
                if (left < 0) {
                    throw new IOException(from + ": is larger than " + maxBytes + " bytes");
                }
                out.write(buffer, 0, read);
            }
        }
    }

    private void get(URI from, long maxBytes, Path to) throws IOException, InterruptedException {
        long deadlineNs = System.nanoTime() + limit.toNanos();
        URI at = from;
        try (var client = HttpClient.newBuilder()
                .connectTimeout(CONNECT)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build()) {
            try {
                for (int i = 0; i <= MAX_REDIRECTS; i++) {
                    HttpResponse<Path> answer = get(client, at, maxBytes, to, deadlineNs - System.nanoTime());
                    if (answer.statusCode() == 200) {
                        return;
                    }
                    at = redirect(at, answer);
                }
                throw new IOException(from + ": redirects more than " + MAX_REDIRECTS + " times");
            } finally {
                client.shutdownNow();
            }
        }
    }

    private HttpResponse<Path> get(HttpClient client, URI at, long maxBytes, Path to, long leftNs)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(at).header("User-Agent", "culvert").GET().build();
        CompletableFuture<HttpResponse<Path>> answer = client.sendAsync(
                request, HttpResponse.BodyHandlers.limiting(HttpResponse.BodyHandlers.ofFile(to), maxBytes));
        try {
            return answer.get(leftNs, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new IOException(at + ": took longer than " + limit.toSeconds() + " s", e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            String why = cause instanceof java.net.ConnectException ? "nobody answers there" : cause.getMessage();
            throw new IOException(at + ": cannot be reached: " + (why == null ? cause.getClass().getSimpleName() : why), e);
        }
    }

    private static URI redirect(URI at, HttpResponse<?> answer) throws IOException {
        String location = answer.headers().firstValue("location").orElse("");
        if (answer.statusCode() / 100 != 3 || location.isEmpty()) {
            throw new IOException(at + ": the server answers with status " + answer.statusCode());
        }
        URI next = at.resolve(location);
        if (!"https".equals(at.getScheme()) || !"https".equals(next.getScheme())) {
            throw new IOException(at + ": redirects to " + next + ", which is followed from https to https only");
        }
        return next;
    }
}
