package io.culvert.web.rest.server;

import io.culvert.api.web.WebContent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Files that bundles add. What has its hash in its name is kept for a year, all else is asked for each time. */
public final class StaticFiles {
    private volatile List<WebContent> contents = List.of();

    public synchronized void add(WebContent content) {
        var next = new ArrayList<>(contents);
        next.add(content);
        next.sort(Comparator.comparingInt((WebContent each) -> each.prefix().length()).reversed());
        contents = List.copyOf(next);
    }

    public synchronized void remove(WebContent content) {
        contents = contents.stream().filter(each -> each != content).toList();
    }

    /** @param path decoded and without dot segments */
    Optional<WebContent.Content> find(String path) {
        for (WebContent content : contents) {
            if (path.startsWith(content.prefix())) {
                return content.find(path.substring(content.prefix().length()));
            }
        }
        return Optional.empty();
    }

    void send(WebContent.Content content, Request request, Response response, Callback callback) {
        var headers = response.getHeaders();
        String tag = '"' + EntityTag.of(content.body()) + '"';
        headers.put(HttpHeader.ETAG, tag);
        headers.put(
                HttpHeader.CACHE_CONTROL, content.immutable() ? "public, max-age=31536000, immutable" : "no-cache");
        if (tag.equals(request.getHeaders().get(HttpHeader.IF_NONE_MATCH))) {
            response.setStatus(304);
            callback.succeeded();
            return;
        }
        headers.put(HttpHeader.CONTENT_TYPE, content.type());
        headers.put(HttpHeader.CONTENT_LENGTH, content.body().length);
        boolean head = request.getMethod().equals("HEAD");
        response.write(true, head ? null : java.nio.ByteBuffer.wrap(content.body()), callback);
    }
}
