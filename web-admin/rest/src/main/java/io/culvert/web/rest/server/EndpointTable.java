package io.culvert.web.rest.server;

import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoints;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The endpoints that answer now. */
public final class EndpointTable {
    private static final Logger LOG = LoggerFactory.getLogger(EndpointTable.class);

    private record Row(WebEndpoint endpoint, PathTemplate template) {}

    private final List<WebEndpoints> services = new ArrayList<>();
    private volatile List<Row> rows = List.of();

    /** An endpoint with what stands in the path for its parameters. */
    record Found(WebEndpoint endpoint, Map<String, String> parameters) {}

    /**
     * Of two services with one endpoint the elder answers, and when it goes the younger: so a module hands over to its
     * next version.
     */
    public synchronized void add(WebEndpoints service) {
        services.add(service);
        rows = rows(true);
    }

    private List<Row> rows(boolean tell) {
        var next = new ArrayList<Row>();
        for (WebEndpoints service : services) {
            int left = 0;
            for (WebEndpoint endpoint : service.endpoints()) {
                if (next.stream().anyMatch(row -> same(row.endpoint(), endpoint))) {
                    left++;
                } else {
                    next.add(new Row(endpoint, new PathTemplate(endpoint.path())));
                }
            }
            if (left > 0 && tell) {
                LOG.info("web: {} endpoints are there twice, and the elder ones answer", left);
            }
        }
        next.sort(Comparator.comparingInt((Row row) -> row.template().literals()).reversed());
        return List.copyOf(next);
    }

    private static boolean same(WebEndpoint one, WebEndpoint other) {
        return one.method().equals(other.method()) && one.path().equals(other.path());
    }

    public synchronized void remove(WebEndpoints service) {
        services.removeIf(each -> each == service);
        rows = rows(false);
    }

    /** In the order of their paths. */
    public List<WebEndpoint> all() {
        return rows.stream()
                .map(Row::endpoint)
                .sorted(Comparator.comparing(WebEndpoint::path).thenComparing(WebEndpoint::method))
                .toList();
    }

    /**
     * The one for {@code method} on {@code path}, a {@code HEAD} being a {@code GET}.
     *
     * @param allowed receives the methods of this path when none is found
     */
    @org.jspecify.annotations.Nullable Found find(String method, String path, TreeSet<String> allowed) {
        String asked = method.equals("HEAD") ? "GET" : method;
        int literals = -1;
        for (Row row : rows) {
            if (row.template().literals() < literals) {
                break;
            }
            var parameters = row.template().match(path);
            if (parameters.isPresent()) {
                if (row.endpoint().method().equals(asked)) {
                    return new Found(row.endpoint(), parameters.get());
                }
                // A looser template does not answer for a path that a closer one describes.
                literals = row.template().literals();
                allowed.add(row.endpoint().method());
            }
        }
        return null;
    }
}
