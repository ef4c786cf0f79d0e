package io.culvert.api.status;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A module's own proof that it works, tried before a new version of it takes over. Published as a service by the module;
 * called on a thread of the caller that may be given up, so it must not hold locks that others need.
 */
@ConsumerType
public interface SelfTest {
    /** What is tried, for messages: {@code bind at ldap.example.com}. */
    String name();

    /**
     * Returns when all is well. Must change nothing that lasts.
     *
     * @throws Exception whose message says in one line what is wrong
     */
    void run() throws Exception;
}
