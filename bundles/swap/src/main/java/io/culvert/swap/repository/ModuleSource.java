package io.culvert.swap.repository;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Finds the jar of a module by its id. Called by any thread; may block. */
public interface ModuleSource {
    /**
     * The newest jar of a module, on this disk by now.
     *
     * @param module its id: {@code auth.totp}
     * @return empty when there is none
     * @throws IOException in one clear line when the source cannot be read or is not to be trusted
     */
    Optional<Path> find(String module) throws IOException;
}
