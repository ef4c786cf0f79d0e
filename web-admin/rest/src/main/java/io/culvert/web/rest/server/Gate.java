package io.culvert.web.rest.server;

import io.culvert.api.web.Caller;
import io.culvert.api.web.Problem;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Knows callers by what they show. */
public interface Gate {
    /**
     * A caller as the server knows it.
     *
     * @param session a key for {@link #watch}; empty when there is no session
     * @param csrf what writes of a session must repeat in {@code X-CSRF}; empty when there is no session
     * @param fresh whether the caller has proved who it is within the last minutes
     * @param limited whether a second factor has to be added before anything else
     */
    record Visit(Caller caller, String session, String csrf, boolean fresh, boolean limited) {
        @Override
        public String toString() {
            return "Visit[" + caller + ", session redacted]";
        }
    }

    /**
     * Who this is. A session that is over is nobody.
     *
     * @param cookies the header {@code Cookie}
     * @param authorization the header {@code Authorization}
     * @param from the address the call comes from
     * @throws Problem 401 for a token that does not hold
     */
    Visit visit(@Nullable String cookies, @Nullable String authorization, String from) throws Problem;

    /** Whether the appliance has an administrator, so that more than the set-up answers. */
    boolean isSetUp();

    /**
     * Whether a token may call this.
     *
     * @param visit of a token
     */
    boolean inScope(Visit visit, String method, String path);

    /**
     * Is told of each call that has passed every check, but those at the Unix socket.
     *
     * @param shown the certificate that the call's own connection was opened with
     */
    void passed(Visit visit, String method, String path, Supplier<Optional<X509Certificate>> shown);

    /** Calls {@code ended} when the session ends or changes its role. Closing what this returns forgets it. */
    Watch watch(Visit visit, Runnable ended);

    /** Ends a watch. */
    interface Watch extends AutoCloseable {
        @Override
        void close();
    }
}
