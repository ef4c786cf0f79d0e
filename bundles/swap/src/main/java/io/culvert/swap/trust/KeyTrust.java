package io.culvert.swap.trust;

import io.culvert.signing.verify.BrokenJarException;
import io.culvert.signing.verify.JarSignature;
import java.io.IOException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Lets in what a trusted key has signed. Files are verified once, and again when they have changed. */
final class KeyTrust implements Trust {
    private static final int REMEMBERED = 200;

    private final boolean allowUnsigned;
    private final Map<Path, Seen> seen = new ConcurrentHashMap<>();
    private volatile TrustedKeys keys;

    /** @param allowUnsigned for development: modules without a signature, or by an unknown key, may run */
    KeyTrust(TrustedKeys keys, boolean allowUnsigned) {
        this.keys = keys;
        this.allowUnsigned = allowUnsigned;
    }

    void trust(TrustedKeys keys) {
        this.keys = keys;
    }

    @Override
    public Verdict verdict(Path jar) throws IOException {
        return switch (signature(jar)) {
            case Signature.None _ -> new Verdict.Unsigned();
            case Signature.Broken(var reason) -> new Verdict.Wrong(reason);
            case Signature.By(var fingerprint) -> keys.name(fingerprint)
                    .<Verdict>map(name -> new Verdict.Trusted(name, fingerprint))
                    .orElseGet(() -> new Verdict.UnknownKey(fingerprint));
        };
    }

    @Override
    public Optional<String> refusal(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Trusted _ -> Optional.empty();
            case Verdict.UnknownKey(var fingerprint) -> allowUnsigned
                    ? Optional.empty()
                    : Optional.of("signed by a key that is not trusted here, fingerprint " + fingerprint
                            + "; a module has all rights of the appliance: compare the fingerprint with what its author"
                            + " publishes, then: culvert module trust " + fingerprint + " --name AUTHOR");
            case Verdict.Unsigned _ -> allowUnsigned
                    ? Optional.empty()
                    : Optional.of("not signed; its author signs it with: culvert module sign JAR;"
                            + " for development only: culvert up --allow-unsigned");
            case Verdict.Wrong wrong -> Optional.of(wrong.line() + "; get the jar again from where it came from");
        };
    }

    private Signature signature(Path jar) throws IOException {
        Path path = jar.toRealPath();
        String state = JarSignature.state(path);
        Seen last = seen.get(path);
        if (last != null && last.state.equals(state)) {
            return last.signature;
        }
        Signature signature = read(path);
        if (seen.size() >= REMEMBERED) {
            seen.clear();
        }
        // A file that changes while it is read is read again the next time.
        if (state.equals(JarSignature.state(path))) {
            seen.put(path, new Seen(state, signature));
        }
        return signature;
    }

    private static Signature read(Path jar) throws IOException {
        try {
            Optional<PublicKey> key = JarSignature.signer(jar);
            return key.<Signature>map(k -> new Signature.By(JarSignature.fingerprint(k))).orElse(new Signature.None());
        } catch (BrokenJarException e) {
            return new Signature.Broken(JarSignature.printable(e.getMessage()));
        }
    }

    private record Seen(String state, Signature signature) {}

    /** What a file says of itself, before the question whom to trust. */
    private sealed interface Signature {
        record None() implements Signature {}

        record By(String fingerprint) implements Signature {}

        record Broken(String reason) implements Signature {}
    }
}
