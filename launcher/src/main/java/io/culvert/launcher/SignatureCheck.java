package io.culvert.launcher;

import io.culvert.signing.verify.BrokenJarException;
import io.culvert.signing.verify.JarSignature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * Looks at the signatures of modules' jars before they run. A jar whose inode, size and times are those of the last start
 * is not read again: {@code var/modules/verified}, a line for each with its state, its key's fingerprint and its path. Whom
 * to trust is asked anew each time: the release's own key, and those in {@code var/modules/trusted-keys}, which the
 * module {@code swap} writes whenever the settings change.
 */
final class SignatureCheck {
    private static final String BY = " by ";
    private static final String OF = " of ";

    private final Path verified;
    private final Optional<Set<String>> trusted;
    private final Map<Path, String> before = new ConcurrentHashMap<>();
    private final Map<Path, String> now = new ConcurrentSkipListMap<>();
    private final boolean off;

    private SignatureCheck(Path verified, Optional<Set<String>> trusted, boolean off) {
        this.verified = verified;
        this.trusted = trusted;
        this.off = off;
    }

    /** Refuses nothing. */
    static SignatureCheck none(HomeDirectory home) {
        return new SignatureCheck(home.modules().resolve("verified"), Optional.empty(), true);
    }

    /** @param releaseKey the certificate of the release, PEM */
    static SignatureCheck of(HomeDirectory home, Path releaseKey) throws IOException {
        Path keys = home.modules().resolve("trusted-keys");
        Optional<Set<String>> trusted = Optional.empty();
        if (Files.exists(keys)) {
            Set<String> fingerprints = new HashSet<>(Files.readAllLines(keys));
            try {
                fingerprints.add(JarSignature.fingerprint(releaseKey));
            } catch (CertificateException e) {
                throw new Failure(releaseKey + ": the release's certificate cannot be read; install it again");
            }
            trusted = Optional.of(fingerprints);
        }
        var check = new SignatureCheck(home.modules().resolve("verified"), trusted, false);
        check.read();
        return check;
    }

    /** Looks at the jars at once, on as many threads as there are processors. */
    void lookAt(List<Path> jars) {
        if (!off) {
            jars.parallelStream().forEach(this::refusal);
        }
    }

    /** Why the jar may not run; empty when it may. Threads: any. */
    Optional<String> refusal(Path jar) {
        if (off) {
            return Optional.empty();
        }
        try {
            Path path = jar.toRealPath();
            String state = JarSignature.state(path);
            String known = now.getOrDefault(path, before.getOrDefault(path, ""));
            String fingerprint;
            if (known.startsWith(state + BY)) {
                fingerprint = known.substring((state + BY).length());
            } else {
                Optional<PublicKey> key = JarSignature.signer(path);
                if (key.isEmpty()) {
                    return Optional.of("it is not signed");
                }
                fingerprint = JarSignature.fingerprint(key.get());
                if (!state.equals(JarSignature.state(path))) {
                    return Optional.of("it changes while it is read");
                }
            }
            now.put(path, state + BY + fingerprint);
            return trusted.filter(keys -> !keys.contains(fingerprint))
                    .map(keys -> "it is signed by a key that is not trusted here, fingerprint " + fingerprint);
        } catch (BrokenJarException e) {
            return Optional.of("its signature does not hold: " + JarSignature.printable(String.valueOf(e.getMessage())));
        } catch (IOException e) {
            return Optional.of("it cannot be read: " + Errors.line(e));
        }
    }

    private void read() throws IOException {
        if (Files.exists(verified)) {
            for (String line : Files.readAllLines(verified)) {
                int at = line.indexOf(OF);
                if (at > 0) {
                    before.put(Path.of(line.substring(at + OF.length())), line.substring(0, at));
                }
            }
        }
    }

    /** For the next start; without it the next one reads all again. */
    void remember() {
        if (off || now.equals(new TreeMap<>(before))) {
            return;
        }
        List<String> lines = new ArrayList<>();
        now.forEach((path, what) -> lines.add(what + OF + path));
        try {
            Path draft = verified.resolveSibling(".verified.new");
            Files.deleteIfExists(draft);
            Files.createFile(draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(draft, lines);
            Files.move(draft, verified, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            System.err.println("culvert: cannot write " + verified + ": " + Errors.line(e));
        }
    }
}
