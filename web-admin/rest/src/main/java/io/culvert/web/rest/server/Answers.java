package io.culvert.web.rest.server;

import io.culvert.api.web.Problem;
import io.culvert.api.web.WebResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Writes answers. */
final class Answers {
    private final Json json;

    Answers(Json json) {
        this.json = json;
    }

    void send(WebResponse answer, Gate gate, Gate.Visit visit, Request request, Response response, Callback callback)
            throws IOException, InterruptedException {
        boolean head = request.getMethod().equals("HEAD");
        var headers = response.getHeaders();
        headers.put(HttpHeader.CACHE_CONTROL, "no-store");
        answer.headers().forEach((name, value) -> {
            if (name.equalsIgnoreCase(HttpHeader.CACHE_CONTROL.asString())) {
                headers.put(name, value);
            } else {
                headers.add(name, value);
            }
        });
        response.setStatus(answer.status());
        switch (answer) {
            case WebResponse.Json some -> {
                byte[] body = json.write(some.body());
                headers.put(HttpHeader.CONTENT_TYPE, "application/json");
                headers.put(HttpHeader.CONTENT_LENGTH, body.length);
                response.write(true, head ? null : ByteBuffer.wrap(body), callback);
            }
            case WebResponse.Empty _ -> callback.succeeded();
            case WebResponse.Bytes bytes -> {
                headers.put(HttpHeader.CONTENT_TYPE, bytes.type());
                try (InputStream in = bytes.body(); OutputStream out = Content.Sink.asOutputStream(response)) {
                    if (!head) {
                        in.transferTo(out);
                    }
                }
                callback.succeeded();
            }
            case WebResponse.Stream stream -> {
                headers.put(HttpHeader.CONTENT_TYPE, stream.type());
                if (!head) {
                    stream(stream, gate, visit, response);
                }
                callback.succeeded();
            }
        }
    }

    private static void stream(WebResponse.Stream stream, Gate gate, Gate.Visit visit, Response response)
            throws IOException, InterruptedException {
        Thread writing = Thread.currentThread();
        try (var watch = gate.watch(visit, writing::interrupt);
                OutputStream out = Content.Sink.asOutputStream(response)) {
            // The head goes out now: a page waits for it.
            out.flush();
            stream.writer().write(out);
        }
    }

    void problem(Problem problem, Request request, Response response, Callback callback) {
        var body = new LinkedHashMap<String, Object>();
        body.put("status", problem.status());
        body.put("code", problem.code());
        body.put("title", problem.getMessage());
        body.put("fields", problem.fields());
        byte[] bytes = json.write(body);
        response.setStatus(problem.status());
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/problem+json");
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
        response.write(true, request.getMethod().equals("HEAD") ? null : ByteBuffer.wrap(bytes), callback);
    }
}
