package io.culvert.api.command;

import java.util.Map;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * One command of the control socket, registered as a service by the bundle that can answer it.
 *
 * <p>Threads: virtual threads, several at once; may block.
 */
@ConsumerType
public interface Command {
    /** Words separated by one blank, as they are typed: {@code user add}. */
    String name();

    /**
     * Does it.
     *
     * @param arguments by name: strings, booleans, numbers; secrets as {@code String}
     * @param reply receives parts of a long or endless answer ({@code logs -f}); may be left alone
     * @return the answer as JSON can hold it: {@code Map} (ordered), {@code List}, {@code String}, {@code Number},
     *     {@code Boolean}
     * @throws CommandException with one clear line when it is refused or fails
     */
    Object run(Map<String, Object> arguments, Reply reply) throws CommandException, InterruptedException;

    /** The other end of the control socket. */
    interface Reply {
        /**
         * Sends one part ahead of the answer.
         *
         * @return false when nobody listens any more
         */
        boolean send(Object part);
    }
}
