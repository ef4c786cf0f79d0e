package io.culvert.swap.selftest;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import io.culvert.api.log.LogRecord;
import io.culvert.api.log.LogSink;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.SelfTest;
import io.culvert.api.tls.TlsProvider;
import io.culvert.crypto.support.KnownAnswers;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which proof a service has to give. */
public final class Proofs {
    private static final SecureRandom RANDOM = new SecureRandom();

    private Proofs() {}

    /** One thing to try. */
    public record Proof(String name, Trial trial) {}

    /** Throws, with a reason of one line, when it does not work. */
    public interface Trial {
        void run() throws Exception;
    }

    /** Every proof that a service has to give; a service may be of several kinds. */
    public static List<Proof> of(Object service) {
        var proofs = new ArrayList<Proof>();
        if (service instanceof CipherProvider provider) {
            proofs.add(new Proof("ciphers of " + provider.name(), () -> ciphers(provider)));
        }
        if (service instanceof TlsProvider provider) {
            proofs.add(new Proof("handshake by " + provider.name(), () -> TlsProof.check(provider)));
        }
        if (service instanceof Authenticator authenticator) {
            proofs.add(new Proof("stranger at " + authenticator.name(), () -> stranger(authenticator)));
        }
        if (service instanceof LogSink sink) {
            proofs.add(new Proof("entry to " + sink.name(), () -> sink.write(List.of(entry()))));
        }
        if (service instanceof HealthCheck check) {
            proofs.add(new Proof("status of " + check.name(), check::status));
        }
        if (service instanceof SelfTest test) {
            proofs.add(new Proof(test.name(), test::run));
        }
        return proofs;
    }

    private static void ciphers(CipherProvider provider) {
        if (provider.ciphers().isEmpty()) {
            throw new IllegalStateException("no cipher works on this machine");
        }
        for (DataCipher cipher : provider.ciphers()) {
            try {
                KnownAnswers.check(provider, cipher);
            } catch (IllegalStateException e) {
                throw new IllegalStateException(cipher + " " + e.getMessage(), e);
            }
        }
    }

    /** A user and a password that nobody has: a refusal, or no such user, and an exception refuses too. */
    private static void stranger(Authenticator authenticator) throws Exception {
        byte[] bytes = new byte[18];
        RANDOM.nextBytes(bytes);
        String name = HexFormat.of().formatHex(bytes, 0, 6);
        var credentials = new Credentials(
                "self-test",
                "self-test-" + name,
                HexFormat.of().formatHex(bytes).getBytes(StandardCharsets.US_ASCII),
                List.of(),
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 1),
                Map.of());
        AuthDecision decision;
        try {
            decision = authenticator.authenticate(credentials);
        } catch (LinkageError e) {
            throw new IllegalStateException("cannot answer: " + e, e);
        } catch (Exception e) {
            // A back end that is away is no fault of this version.
            return;
        } finally {
            credentials.zero();
        }
        if (decision instanceof AuthDecision.Accepted) {
            throw new IllegalStateException("lets a stranger in with a random password");
        }
    }

    private static LogRecord entry() {
        return new LogRecord(
                0,
                Instant.now(),
                LogRecord.Level.INFO,
                "io.culvert.swap",
                "io.culvert.swap",
                Thread.currentThread().getName(),
                "swap: a self-test of this log sink",
                Optional.empty());
    }
}
