package io.culvert.launcher;

import java.nio.file.Path;

/** Locations of module repositories. */
final class Repositories {
    private Repositories() {}

    /** A path as the appliance finds it, whose working directory is another; an address as it is. */
    static String absolute(String from) {
        boolean address = from.matches("[A-Za-z][A-Za-z0-9+.-]*:.*");
        return from.isEmpty() || address ? from : Path.of(from).toAbsolutePath().normalize().toString();
    }
}
