package io.culvert.core.plug;

import java.net.URL;
import java.util.Collections;
import java.util.Enumeration;
import org.osgi.framework.Bundle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a core that waits in the wings does beforehand, so that it does not take its time when packets wait. */
final class Warmth {
    private static final Logger LOG = LoggerFactory.getLogger(Warmth.class);

    private Warmth() {}

    /** Loads and initializes the bundle's classes. */
    static void load(Bundle bundle) {
        Enumeration<URL> entries = bundle.findEntries("/", "*.class", true);
        int count = 0;
        for (URL entry : entries == null ? Collections.<URL>emptyList() : Collections.list(entries)) {
            String path = entry.getPath();
            String name = path.substring(1, path.length() - ".class".length()).replace('/', '.');
            try {
                Class.forName(name, true, Warmth.class.getClassLoader());
                count++;
            } catch (ClassNotFoundException | LinkageError e) {
                LOG.debug("core: {} is not loaded beforehand", name, e);
            }
        }
        LOG.debug("core: loaded {} classes beforehand", count);
    }
}
