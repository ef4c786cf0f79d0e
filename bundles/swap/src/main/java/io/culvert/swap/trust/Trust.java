package io.culvert.swap.trust;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Whose modules may run here. Called by any thread, several at once; may block. */
public interface Trust {
    /**
     * What the signature of a jar says.
     *
     * @throws IOException when the file cannot be read
     */
    Verdict verdict(Path jar) throws IOException;

    /** Why a module with this verdict may not run, with the remedy in one line; empty when it may. */
    Optional<String> refusal(Verdict verdict);
}
