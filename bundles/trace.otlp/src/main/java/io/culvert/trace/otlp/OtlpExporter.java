package io.culvert.trace.otlp;

import io.opentelemetry.exporter.internal.otlp.traces.TraceRequestMarshaler;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sends spans as OTLP over HTTP. What the collector does not take is lost, and that is said once. */
final class OtlpExporter implements SpanExporter {
    private static final Logger LOG = LoggerFactory.getLogger(OtlpExporter.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final URI endpoint;
    private final String authorization;
    /** There from the start: the client's own threads would come and go with exports. */
    private final ThreadPoolExecutor thread = new ThreadPoolExecutor(
            1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Thread.ofPlatform().daemon().name("trace-otlp-http").factory());

    private final HttpClient client;
    private final AtomicBoolean failing = new AtomicBoolean();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private volatile String problem = "";

    /** @param authorization the header's value, or empty for none */
    OtlpExporter(URI endpoint, String authorization) {
        this.endpoint = endpoint;
        this.authorization = authorization;
        thread.prestartCoreThread();
        client = HttpClient.newBuilder()
                .executor(thread)
                .connectTimeout(PATIENCE)
                .version(HttpClient.Version.HTTP_1_1)
                .build();
    }

    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
        var body = new ByteArrayOutputStream();
        try {
            TraceRequestMarshaler.create(spans).writeBinaryTo(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var request = HttpRequest.newBuilder(endpoint)
                .timeout(PATIENCE)
                .header("Content-Type", "application/x-protobuf")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body.toByteArray()));
        if (!authorization.isEmpty()) {
            request.header("Authorization", authorization);
        }
        var result = new CompletableResultCode();
        client.sendAsync(request.build(), HttpResponse.BodyHandlers.discarding()).whenComplete((answer, error) -> {
            if (error == null && answer.statusCode() / 100 == 2) {
                sent.addAndGet(spans.size());
                failing.set(false);
                problem = "";
                result.succeed();
            } else {
                lost.addAndGet(spans.size());
                said(error == null ? "HTTP " + answer.statusCode() : String.valueOf(error.getMessage()));
                result.fail();
            }
        });
        return result;
    }

    private void said(String reason) {
        problem = endpoint + " takes no traces: " + reason;
        if (!failing.getAndSet(true)) {
            LOG.warn("trace.otlp: {}; they are lost until it does", problem);
        }
    }

    long sent() {
        return sent.get();
    }

    long lost() {
        return lost.get();
    }

    /** Why the latest spans were lost; empty when they were not. */
    String problem() {
        return problem;
    }

    @Override
    public CompletableResultCode flush() {
        return CompletableResultCode.ofSuccess();
    }

    @Override
    public CompletableResultCode shutdown() {
        client.shutdownNow();
        thread.shutdown();
        return CompletableResultCode.ofSuccess();
    }
}
