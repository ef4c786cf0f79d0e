package io.culvert.api.web;

import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/** Static files that a bundle adds to the web server, registered as a service. Anyone may read them. */
@ConsumerType
public interface WebContent {
    /** Where they are, with a slash at both ends: {@code /}. The longest one that fits a request is asked. */
    String prefix();

    /**
     * The file at {@code path}, which starts after the prefix, is decoded, and has no {@code .} or {@code ..} segment;
     * empty for the prefix itself.
     */
    Optional<Content> find(String path);

    /**
     * A file. Callers must not modify the body.
     *
     * @param type {@code text/html; charset=utf-8}
     * @param immutable whether its name changes with its content: then it is kept for a year, else asked for each time
     */
    record Content(String type, byte[] body, boolean immutable) {}
}
