package io.culvert.web.rest.openapi;

import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The OpenAPI 3.1 document of endpoints. The role that each asks for is in {@code x-role}. */
public final class OpenApi {
    private static final Pattern PARAMETER = Pattern.compile("\\{([A-Za-z]+)}");
    private static final List<String> LISTING = List.of("q", "filter", "sort", "limit", "cursor");
    /** What else a GET takes from the query. */
    private static final Map<String, List<String>> QUERIES = Map.of(
            "/api/v1/metrics/{name}", List.of("from", "to", "step"),
            "/api/v1/log", List.of("before", "level", "module", "q", "limit"),
            "/api/v1/catalogue", List.of("from", "q", "sort", "limit", "cursor"),
            "/api/v1/events", List.of("topics", "level", "lastEventId"));

    private final Schemas schemas = new Schemas();

    /** Problem answers, as every endpoint may give them. */
    public record ProblemBody(int status, String code, String title, Map<String, String> fields) {}

    private OpenApi() {}

    /** The document as JSON can hold it. */
    public static Map<String, Object> document(List<WebEndpoint> endpoints, String version) {
        return new OpenApi().build(endpoints, version);
    }

    private Map<String, Object> build(List<WebEndpoint> endpoints, String version) {
        var paths = new TreeMap<String, Map<String, Object>>();
        endpoints.stream()
                .sorted(Comparator.comparing(WebEndpoint::path).thenComparing(WebEndpoint::method))
                .forEach(endpoint -> paths.computeIfAbsent(endpoint.path(), _ -> new LinkedHashMap<>())
                        .put(endpoint.method().toLowerCase(Locale.ROOT), operation(endpoint)));
        var document = new LinkedHashMap<String, Object>();
        document.put("openapi", "3.1.0");
        document.put(
                "info",
                ordered(
                        "title", "Culvert",
                        "version", version,
                        "license", Map.of("name", "Apache-2.0", "identifier", "Apache-2.0")));
        document.put("servers", List.of(Map.of("url", "/")));
        document.put("paths", paths);
        schemas.reference(ProblemBody.class);
        document.put(
                "components",
                ordered(
                        "schemas", schemas.named(),
                        "securitySchemes",
                        ordered(
                                "token", Map.of("type", "http", "scheme", "bearer"),
                                "session", Map.of("type", "apiKey", "in", "cookie", "name", "__Host-culvert"))));
        return document;
    }

    private Map<String, Object> operation(WebEndpoint endpoint) {
        var operation = new LinkedHashMap<String, Object>();
        operation.put("operationId", name(endpoint));
        operation.put("summary", endpoint.summary());
        operation.put("tags", List.of(tag(endpoint.path())));
        operation.put("x-role", endpoint.role().name().toLowerCase(Locale.ROOT));
        if (endpoint.has(Flag.FRESH_PROOF)) {
            operation.put("x-fresh-proof", true);
        }
        List<Object> parameters = parameters(endpoint);
        if (!parameters.isEmpty()) {
            operation.put("parameters", parameters);
        }
        body(endpoint, operation);
        var responses = new LinkedHashMap<String, Object>();
        responses.put("200", answer(endpoint));
        responses.put(
                "default",
                ordered(
                        "description", "Refused or failed.",
                        "content",
                        Map.of("application/problem+json", Map.of("schema", schemas.reference(ProblemBody.class)))));
        operation.put("responses", responses);
        operation.put(
                "security",
                endpoint.role() == Role.NONE
                        ? List.of()
                        : List.of(Map.of("token", List.of()), Map.of("session", List.of())));
        return operation;
    }

    private static List<Object> parameters(WebEndpoint endpoint) {
        var parameters = new ArrayList<Object>();
        Matcher names = PARAMETER.matcher(endpoint.path());
        while (names.find()) {
            parameters.add(ordered(
                    "name", names.group(1), "in", "path", "required", true, "schema", Map.of("type", "string")));
        }
        for (String query : queries(endpoint)) {
            boolean number = query.equals("limit") || query.equals("step") || query.equals("before");
            parameters.add(ordered(
                    "name", query, "in", "query", "schema", Map.of("type", number ? "integer" : "string")));
        }
        if (endpoint.has(Flag.IF_MATCH)) {
            parameters.add(ordered(
                    "name", "If-Match", "in", "header", "required", true, "schema", Map.of("type", "string")));
        }
        if (endpoint.method().equals("POST")) {
            parameters.add(ordered("name", "Idempotency-Key", "in", "header", "schema", Map.of("type", "string")));
        }
        return parameters;
    }

    private static List<String> queries(WebEndpoint endpoint) {
        if (!endpoint.method().equals("GET")) {
            return List.of();
        }
        List<String> own = QUERIES.get(endpoint.path());
        return own != null ? own : list(endpoint.response()) ? LISTING : List.of();
    }

    private static boolean list(Class<?> response) {
        return response.isRecord()
                && List.of(response.getRecordComponents()).stream()
                        .anyMatch(component -> component.getName().equals("next"));
    }

    private void body(WebEndpoint endpoint, Map<String, Object> operation) {
        if (endpoint.request() != Void.class) {
            operation.put(
                    "requestBody",
                    ordered(
                            "required", true,
                            "content",
                            Map.of("application/json", Map.of("schema", schema(endpoint.request())))));
        } else if (endpoint.has(Flag.RAW_BODY)) {
            operation.put(
                    "requestBody",
                    Map.of(
                            "content",
                            Map.of(
                                    "application/octet-stream",
                                    Map.of("schema", Map.of("type", "string", "format", "binary")))));
        }
    }

    private Map<String, Object> answer(WebEndpoint endpoint) {
        var answer = new LinkedHashMap<String, Object>();
        answer.put("description", "Done.");
        if (endpoint.response() != Void.class) {
            answer.put("content", Map.of("application/json", Map.of("schema", schema(endpoint.response()))));
        }
        return answer;
    }

    private Map<String, Object> schema(Class<?> shape) {
        return shape.isRecord() ? schemas.reference(shape) : Map.of("type", "object");
    }

    /** {@code GET /api/v1/users/{id}} is {@code getUsersId}, {@code POST /api/v1/sessions:end} is {@code postSessionsEnd}. */
    static String name(WebEndpoint endpoint) {
        var name = new StringBuilder(endpoint.method().toLowerCase(Locale.ROOT));
        for (String word : endpoint.path().replaceFirst("^/api/v1/", "").split("[^A-Za-z0-9]+")) {
            if (!word.isEmpty()) {
                name.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
            }
        }
        return name.toString();
    }

    private static String tag(String path) {
        return path.replaceFirst("^/api/v1/", "").replaceFirst("^/", "").split("[/:.]")[0];
    }

    private static Map<String, Object> ordered(Object... pairs) {
        var map = new LinkedHashMap<String, Object>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put((String) pairs[i], pairs[i + 1]);
        }
        return map;
    }
}
