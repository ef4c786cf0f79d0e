package io.culvert.api.web;

import java.util.EnumSet;
import java.util.Set;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * One method of one path. The server checks role, origin, proof, body and rate before the handler sees the request,
 * and writes every call but {@code GET} to the audit log before it is answered.
 *
 * @param method {@code GET}, {@code POST}, {@code PUT}, {@code PATCH} or {@code DELETE}
 * @param path absolute, with parameters in braces: {@code /api/v1/users/{id}}, {@code /api/v1/users/{id}:disable}
 * @param role asked of the caller
 * @param summary one plain sentence for the API's description
 * @param request the record that the JSON body is read into, or {@code Void.class} for none
 * @param response the record written as JSON, or {@code Void.class} for none or for another type of content
 * @param flags what is special about it
 * @param handler answers it
 */
public record WebEndpoint(
        String method,
        String path,
        Role role,
        String summary,
        Class<?> request,
        Class<?> response,
        Set<Flag> flags,
        Handler handler) {

    /** What can be special about an endpoint. */
    public enum Flag {
        /** Asks the caller to have proved who it is within the last five minutes. */
        FRESH_PROOF,
        /** The body is not JSON: {@link WebRequest#stream()} reads it, of any length. */
        RAW_BODY,
        /** A write that changes nothing ({@code :validate}, a plan): not in the audit log. */
        UNAUDITED,
        /** Asks for {@code If-Match}: 428 without. The handler compares it, see {@link WebRequest#ifMatch()}. */
        IF_MATCH,
        /** Answers also while the appliance has no administrator yet; others then answer 403 {@code setup-needed}. */
        BEFORE_SETUP
    }

    /** Answers a request. */
    @FunctionalInterface
    @ConsumerType
    public interface Handler {
        /**
         * Answers.
         *
         * @throws Problem when it is refused or fails; anything else is answered with 500 and an id found in the log
         */
        WebResponse handle(WebRequest request) throws Problem, Exception;
    }

    public WebEndpoint {
        flags = Set.copyOf(flags);
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("'" + path + "' does not start with /");
        }
    }

    /** {@code GET} without a body. */
    public static WebEndpoint get(String path, Role role, String summary, Class<?> response, Handler handler) {
        return new WebEndpoint("GET", path, role, summary, Void.class, response, Set.of(), handler);
    }

    /** {@code POST} of {@code request}. */
    public static WebEndpoint post(
            String path, Role role, String summary, Class<?> request, Class<?> response, Handler handler) {
        return new WebEndpoint("POST", path, role, summary, request, response, Set.of(), handler);
    }

    /** {@code PUT} of {@code request}. */
    public static WebEndpoint put(
            String path, Role role, String summary, Class<?> request, Class<?> response, Handler handler) {
        return new WebEndpoint("PUT", path, role, summary, request, response, Set.of(), handler);
    }

    /** {@code PATCH} with {@code request}, in which null means unchanged. */
    public static WebEndpoint patch(
            String path, Role role, String summary, Class<?> request, Class<?> response, Handler handler) {
        return new WebEndpoint("PATCH", path, role, summary, request, response, Set.of(), handler);
    }

    /** {@code DELETE} without a body or an answer. */
    public static WebEndpoint delete(String path, Role role, String summary, Handler handler) {
        return new WebEndpoint("DELETE", path, role, summary, Void.class, Void.class, Set.of(), handler);
    }

    /** The same with {@code more} flags. */
    public WebEndpoint with(Flag... more) {
        var all = EnumSet.noneOf(Flag.class);
        all.addAll(flags);
        all.addAll(Set.of(more));
        return new WebEndpoint(method, path, role, summary, request, response, all, handler);
    }

    public boolean has(Flag flag) {
        return flags.contains(flag);
    }
}
