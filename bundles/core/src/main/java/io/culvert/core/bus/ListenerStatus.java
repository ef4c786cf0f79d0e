package io.culvert.core.bus;

import io.culvert.api.tunnel.ListenerClaim;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * One claimed listener.
 *
 * @param port the local port; what was claimed while it is not open
 * @param error why it is not open, in one line; empty when it is
 */
public record ListenerStatus(String protocol, String instance, ListenerClaim claim, int port, String error) {
    public boolean isOpen() {
        return error.isEmpty();
    }

    String transport() {
        return claim.transport().name().toLowerCase(Locale.ROOT);
    }

    String host() {
        InetAddress address = claim.address().getAddress();
        if (address == null) {
            return claim.address().getHostString();
        }
        return address.isAnyLocalAddress() && address instanceof Inet6Address ? "::" : address.getHostAddress();
    }

    /** As it is shown in the status. */
    public Map<String, Object> asMap() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("protocol", protocol);
        map.put("instance", instance);
        map.put("transport", transport());
        map.put("address", host());
        map.put("port", port);
        map.put("state", isOpen() ? "open" : "failed");
        if (!isOpen()) {
            map.put("error", error);
        }
        return map;
    }
}
