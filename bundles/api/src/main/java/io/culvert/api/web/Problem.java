package io.culvert.api.web;

import java.util.Map;

/**
 * An answer that is no success, sent as {@code application/problem+json} (RFC 9457) with {@code code}, {@code title}
 * and {@code fields}.
 */
public final class Problem extends Exception {
    private final int status;
    private final String code;
    private final Map<String, String> fields;

    /**
     * @param status of HTTP, 400 to 599
     * @param code for programs: {@code name-taken}
     * @param title for people: what happened and what to do, without a secret
     * @param fields what is wrong with which field of the body
     */
    public Problem(int status, String code, String title, Map<String, String> fields) {
        super(title);
        this.status = status;
        this.code = code;
        this.fields = Map.copyOf(fields);
    }

    public Problem(int status, String code, String title) {
        this(status, code, title, Map.of());
    }

    public static Problem badRequest(String title) {
        return new Problem(400, "bad-request", title);
    }

    /** 400: one field is wrong. */
    public static Problem field(String name, String complaint) {
        return new Problem(400, "invalid", "'" + name + "' " + complaint, Map.of(name, complaint));
    }

    public static Problem forbidden(String title) {
        return new Problem(403, "forbidden", title);
    }

    public static Problem notFound(String title) {
        return new Problem(404, "not-found", title);
    }

    public static Problem conflict(String code, String title) {
        return new Problem(409, code, title);
    }

    public static Problem gone(String title) {
        return new Problem(410, "gone", title);
    }

    /** 412: what {@code If-Match} names is not what is there. */
    public static Problem changed(String title) {
        return new Problem(412, "changed", title);
    }

    /** 422: it was understood and cannot be done. */
    public static Problem refused(String title) {
        return new Problem(422, "refused", title);
    }

    /** 503: what would answer it does not run. */
    public static Problem unavailable(String title) {
        return new Problem(503, "unavailable", title);
    }

    public int status() {
        return status;
    }

    public String code() {
        return code;
    }

    public Map<String, String> fields() {
        return fields;
    }
}
