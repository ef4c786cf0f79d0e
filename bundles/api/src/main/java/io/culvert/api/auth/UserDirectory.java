package io.culvert.api.auth;

import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/** Knows users by name. Called by virtual threads; may block. */
@ConsumerType
public interface UserDirectory {
    Optional<User> find(String name) throws Exception;

    /**
     * @param enabled a disabled user keeps everything and may not come in
     * @param password whether the user has one
     */
    record User(String name, boolean enabled, boolean password) {}
}
