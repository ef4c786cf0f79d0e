package io.culvert.api.config;

/**
 * A setting that a module cannot work with; thrown while a component activates, shown by {@code culvert up} and
 * {@code culvert status}.
 */
public final class ConfigException extends RuntimeException {
    private final String pid;
    private final String attribute;

    /**
     * @param pid the module's configuration, {@code io.culvert.tunnel.openvpn}
     * @param attribute the setting's name as it is typed
     * @param value as it was found; pass a redaction for a secret
     * @param accepted what would have been accepted, and the remedy
     */
    public ConfigException(String pid, String attribute, Object value, String accepted) {
        super(pid + ": " + attribute + " = " + value + ": " + accepted);
        this.pid = pid;
        this.attribute = attribute;
    }

    public String pid() {
        return pid;
    }

    public String attribute() {
        return attribute;
    }
}
