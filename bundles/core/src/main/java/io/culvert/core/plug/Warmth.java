package io.culvert.core.plug;

import io.culvert.api.net.NetworkProtocol;
import io.culvert.core.bus.Drill;
import io.culvert.core.bus.EndedThread;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Linux;
import java.io.IOException;
import java.net.URL;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.osgi.framework.Bundle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a core that waits in the wings does beforehand, so that it does not take its time when packets wait. */
final class Warmth {
    private static final Logger LOG = LoggerFactory.getLogger(Warmth.class);

    private static final long DRILL_NS = 4_000_000_000L;
    private static final Duration DRILL_WAIT = Duration.ofSeconds(8);

    private Warmth() {}

    /** Has the packet path compiled, on a thread that all others go before. */
    static void drill(List<NetworkProtocol> networks, int mtu) {
        var libc = new FfmLibc();
        Thread thread = new Thread(
                EndedThread.forgetting(() -> {
                    try {
                        libc.setpriority(Linux.PRIO_PROCESS, 0, Linux.NICEST);
                        long begunNs = System.nanoTime();
                        int packets = Drill.run(libc, networks, mtu, DRILL_NS);
                        LOG.debug("core: {} packets in a drill of {} ms", packets, (System.nanoTime() - begunNs) / 1_000_000);
                    } catch (IOException e) {
                        LOG.warn("core: begins without a drill, and more slowly: {}", e.getMessage());
                    }
                }),
                "culvert-drill");
        thread.setDaemon(true);
        thread.start();
        try {
            if (!thread.join(DRILL_WAIT)) {
                thread.interrupt();
            }
        } catch (InterruptedException e) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

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
