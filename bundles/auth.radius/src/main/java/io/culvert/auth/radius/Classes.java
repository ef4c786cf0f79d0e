package io.culvert.auth.radius;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The Class that a server gave to a user and wants back in accounting (RFC 2865, 5.25); the newest are remembered. */
final class Classes {
    private static final int MAX = 4096;

    private final Map<String, byte[]> byUser = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, byte[]> eldest) {
            return size() > MAX;
        }
    };

    synchronized void put(String user, byte[] value) {
        byUser.put(user, value);
    }

    synchronized Optional<byte[]> get(String user) {
        return Optional.ofNullable(byUser.get(user));
    }
}
