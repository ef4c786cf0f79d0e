package io.culvert.api.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/** The answer to a request. Everything but static content is sent with {@code Cache-Control: no-store} unless its headers say otherwise. */
public sealed interface WebResponse {
    int status();

    Map<String, String> headers();

    /** A record, map or list as JSON. */
    record Json(int status, @Nullable Object body, Map<String, String> headers) implements WebResponse {
        public Json {
            headers = Map.copyOf(headers);
        }
    }

    /** Content of another type; the server closes the stream. */
    record Bytes(int status, String type, InputStream body, Map<String, String> headers) implements WebResponse {
        public Bytes {
            headers = Map.copyOf(headers);
        }
    }

    /**
     * Content that is written as it comes about, such as {@code text/event-stream}. Each {@code flush} sends what was
     * written; a write blocks while the client is slow and fails when it is gone.
     */
    record Stream(String type, Map<String, String> headers, Writer writer) implements WebResponse {
        public Stream {
            headers = Map.copyOf(headers);
        }

        @Override
        public int status() {
            return 200;
        }
    }

    /** No content. */
    record Empty(int status, Map<String, String> headers) implements WebResponse {
        public Empty {
            headers = Map.copyOf(headers);
        }
    }

    /** Writes a stream. */
    @FunctionalInterface
    @ConsumerType
    interface Writer {
        /**
         * Writes until it is done. Runs on a virtual thread of its own, which is interrupted when the caller signs out,
         * loses the role, or the server stops.
         */
        void write(OutputStream out) throws IOException, InterruptedException;
    }

    static WebResponse json(Object body) {
        return new Json(200, body, Map.of());
    }

    /** 201 with the address of what was made. */
    static WebResponse created(String location, Object body) {
        return new Json(201, body, Map.of("Location", location));
    }

    /** 202: it goes on in the background. */
    static WebResponse accepted(Object body) {
        return new Json(202, body, Map.of());
    }

    static WebResponse none() {
        return new Empty(204, Map.of());
    }

    static WebResponse bytes(String type, InputStream body) {
        return new Bytes(200, type, body, Map.of());
    }

    static WebResponse stream(String type, Writer writer) {
        return new Stream(type, Map.of(), writer);
    }

    /** The same with one more header. */
    default WebResponse with(String name, String value) {
        var all = new LinkedHashMap<>(headers());
        all.put(name, value);
        return switch (this) {
            case Json json -> new Json(json.status, json.body, all);
            case Bytes bytes -> new Bytes(bytes.status, bytes.type, bytes.body, all);
            case Stream stream -> new Stream(stream.type, all, stream.writer);
            case Empty empty -> new Empty(empty.status, all);
        };
    }

    /** The same with an {@code ETag} that {@code If-Match} can name. */
    default WebResponse tagged(String tag) {
        return with("ETag", '"' + tag + '"');
    }
}
