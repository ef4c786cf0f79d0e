package io.culvert.log.support;

import io.culvert.api.config.ConfigException;

/** Numbers among a sink's settings. */
public final class Bounds {
    private Bounds() {}

    /**
     * The value, which must be within these bounds.
     *
     * @param pid of the sink, for the message
     * @throws ConfigException naming the attribute and what it may be
     */
    public static int within(String pid, String attribute, int value, int min, int max) {
        if (value < min || value > max) {
            throw new ConfigException(pid, attribute, value, "must be from " + min + " to " + max);
        }
        return value;
    }
}
