package io.culvert.core.libc;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HasteTest {
    private static final Executor THREAD = work -> Thread.ofPlatform().start(work);

    private final Libc libc = new FfmLibc();
    private final int usual = libc.getpriority(Linux.PRIO_PROCESS, 0);

    @BeforeEach
    void allow() {
        System.setProperty(Haste.ALLOWED, "true");
    }

    @AfterEach
    void forget() {
        System.clearProperty(Haste.ALLOWED);
    }

    @Test
    void shouldLeaveAThreadWhereItWas() {
        CompletableFuture.runAsync(
                        () -> {
                            int before = libc.getpriority(Linux.PRIO_PROCESS, 0);
                            int risen;
                            try (var haste = Haste.begin(libc)) {
                                risen = libc.getpriority(Linux.PRIO_PROCESS, 0);
                            }
                            assertEquals(libc.getuid() == 0 ? Math.max(-20, before - 10) : before, risen);
                            assertEquals(before, libc.getpriority(Linux.PRIO_PROCESS, 0));
                        },
                        THREAD)
                .join();
    }

    @Test
    void shouldLeaveTheThreadBelowAVirtualOneAlone() {
        CompletableFuture.runAsync(
                        () -> {
                            try (var haste = Haste.begin(libc)) {
                                assertEquals(usual, libc.getpriority(Linux.PRIO_PROCESS, 0));
                            }
                        },
                        Thread::startVirtualThread)
                .join();
    }

    @Test
    void shouldGoOnWhereItMayNotRise() {
        CompletableFuture.runAsync(
                        () -> {
                            var refusing = new FailingLibc(libc, 1, Errno.EACCES);
                            try (var haste = Haste.begin(refusing.libc())) {
                                assertEquals(usual, libc.getpriority(Linux.PRIO_PROCESS, 0));
                            }
                        },
                        THREAD)
                .join();
    }
}
