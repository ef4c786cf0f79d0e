package io.culvert.api.config;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.osgi.annotation.versioning.ProviderType;

/** Which modules the settings name, and how these do. Implemented by control; called by any thread. */
@ProviderType
public interface ModuleSettings {
    /** Ids of the modules that the settings name; those that are stopped are among them. */
    Set<String> named();

    /** One element for each installed module. */
    List<State> states();

    /**
     * Gives a module that is installed an entry without settings, so that its components start with their defaults. It
     * lasts, and shows in {@code config export}.
     *
     * @return false when the settings named the module already
     * @throws IOException in one clear line when it cannot be kept
     */
    boolean add(String module) throws IOException;

    /**
     * Takes back what {@link #add} gave and what commands have set since; what etc/culvert.yaml says stays.
     *
     * @return false when there was nothing to take back
     */
    boolean remove(String module) throws IOException;

    /**
     * Compares what a jar's Metatype documents say with those of the installed version, and with the values in force.
     *
     * @throws IOException when the jar cannot be read
     */
    Difference compare(String module, Path jar) throws IOException;

    /**
     * How the settings of two versions differ. Each element is one line that begins with the attribute's id.
     *
     * @param added attributes that only the new version has
     * @param removed attributes that only the old version has
     * @param changed attributes whose type, range, options or default differ
     * @param invalid values in force that the new version does not take
     */
    record Difference(List<String> added, List<String> removed, List<String> changed, List<String> invalid) {
        public Difference {
            added = List.copyOf(added);
            removed = List.copyOf(removed);
            changed = List.copyOf(changed);
            invalid = List.copyOf(invalid);
        }
    }

    /**
     * How a module does.
     *
     * @param state {@code running}, {@code fails}, {@code stopped} by an operator, {@code off} when the settings do not
     *     name it
     * @param problem why it fails, in one line; else empty
     */
    record State(String module, String version, String state, String problem) {}
}
