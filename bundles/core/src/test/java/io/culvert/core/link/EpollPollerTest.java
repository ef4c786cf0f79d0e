package io.culvert.core.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Linux;
import org.junit.jupiter.api.Test;

final class EpollPollerTest {
    private static final long LONG_NS = 10_000_000_000L;

    private final FfmLibc libc = new FfmLibc();

    private static final class Failing implements Pollable {
        private final int fd;
        private int told;

        Failing(int fd) {
            this.fd = fd;
        }

        @Override
        public int fd() {
            return fd;
        }

        @Override
        public void onReady(boolean readable, boolean writable) {
            told++;
            throw new IllegalStateException("a source that fails on purpose");
        }
    }

    @Test
    void shouldTellEverySourceAlthoughEachFails() throws Exception {
        var sources = new Failing[3];
        try (var poller = new EpollPoller(libc)) {
            for (int i = 0; i < sources.length; i++) {
                sources[i] = new Failing(libc.eventfd(1, Linux.EFD_NONBLOCK | Linux.EFD_CLOEXEC));
                poller.add(sources[i]);
            }
            for (int round = 1; round <= 2; round++) {
                assertTrue(poller.await(LONG_NS));
                poller.dispatch();
                for (Failing source : sources) {
                    assertEquals(round, source.told);
                }
            }
            for (Failing source : sources) {
                poller.remove(source);
            }
            assertFalse(poller.await(0));
            poller.wake();
            assertTrue(poller.await(LONG_NS));
            poller.dispatch();
            assertFalse(poller.await(0));
        } finally {
            for (Failing source : sources) {
                if (source != null) {
                    libc.closeQuietly(source.fd());
                }
            }
        }
    }
}
