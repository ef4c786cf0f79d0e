package io.culvert.web.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.culvert.api.web.AuditTrail;
import io.culvert.web.rest.access.Guard;
import io.culvert.web.rest.server.ConsoleServer;
import io.culvert.web.rest.server.EndpointTable;
import io.culvert.web.rest.server.Gate;
import io.culvert.web.rest.server.Json;
import io.culvert.web.rest.server.StaticFiles;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;

class ListeningTest {
    private static final int ROUNDS = 150;
    private static final long STEP_NS = 20_000;

    @TempDir
    Path directory;

    /** Whatever it was doing: each round stops it a little later. */
    @Test
    void shouldLeaveNoSelectorOpenWhenItStopsWhileItStarts() throws Exception {
        stopAfter(STEP_NS * ROUNDS * 10);
        long before = selectors();
        for (int round = 0; round < ROUNDS; round++) {
            stopAfter(round * STEP_NS);
        }
        assertEquals(before, selectors());
    }

    private void stopAfter(long ns) {
        var server = new ConsoleServer(
                new EndpointTable(),
                new StaticFiles(),
                unused(Gate.class),
                unused(AuditTrail.class),
                new Json(),
                Duration.ofSeconds(1));
        var onlyUnix = new Guard.Place("127.0.0.1", 0, List.of(), "", "");
        var listening = new Listening(server, directory.resolve("socket"), new Begun(active()), onlyUnix, null);
        long until = System.nanoTime() + ns;
        while (System.nanoTime() < until) {
            LockSupport.parkNanos(STEP_NS);
        }
        listening.close(() -> {});
    }

    private static long selectors() throws IOException {
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(fd -> {
                        try {
                            return Files.readSymbolicLink(fd).toString().contains("eventpoll");
                        } catch (IOException e) {
                            // Closed meanwhile, as the list itself.
                            return false;
                        }
                    })
                    .count();
        }
    }

    private static BundleContext active() {
        var framework = proxy(Bundle.class, Bundle.ACTIVE);
        return proxy(BundleContext.class, framework);
    }

    private static <T> T unused(Class<T> type) {
        return proxy(type, null);
    }

    private static <T> T proxy(Class<T> type, Object answer) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (_, method, _) -> answers(method.getReturnType(), answer) ? answer : null));
    }

    private static boolean answers(Class<?> asked, Object answer) {
        return asked == int.class ? answer instanceof Integer : asked.isInstance(answer);
    }
}
