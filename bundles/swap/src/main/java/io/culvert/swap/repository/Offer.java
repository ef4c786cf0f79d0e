package io.culvert.swap.repository;

import java.util.List;
import java.util.Map;
import org.osgi.framework.Version;

/**
 * A module in a repository's index.
 *
 * @param id {@code auth.totp}
 * @param url of its jar, relative to the index or absolute
 * @param sha256 of its jar, lower-case hex
 * @param size of its jar, bytes
 * @param requirements what has to be there so that it resolves
 */
record Offer(
        String id,
        Version version,
        String url,
        String sha256,
        long size,
        List<Requirement> requirements,
        List<Capability> capabilities) {
    /** What a module needs: {@code osgi.wiring.package}, and a filter over attributes. */
    record Requirement(String namespace, String filter) {}

    record Capability(String namespace, Map<String, Object> attributes) {}
}
