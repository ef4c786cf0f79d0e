package io.culvert.control.config;

import java.util.Optional;
import java.util.Set;

/** What the installed modules can be told. */
public interface Schemas {
    /** Ids of the installed modules, configured or not. */
    Set<String> modules();

    /** Empty when no such module is installed. */
    Optional<Schema> schema(String module);

    /** Ids of modules that an operator stopped or removed: settings may name them, and they do not run. */
    default Set<String> off() {
        return Set.of();
    }
}
