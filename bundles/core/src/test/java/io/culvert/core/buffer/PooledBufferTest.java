package io.culvert.core.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class PooledBufferTest {
    private final BufferPool pool = new BufferPool(4, 64, 512);

    @Test
    void shouldRefuseASecondReleaseAtHome() {
        PooledBuffer buffer = pool.allocate();
        buffer.release();
        assertThrows(IllegalStateException.class, buffer::release);
        assertEquals(4, pool.free());
    }

    @Test
    void shouldRefuseASecondReleaseOnAnotherLoop() {
        var way = new BufferRing(4);
        PooledBuffer buffer = pool.allocate();
        buffer.sendAway(way, this, null);
        assertFalse(buffer.isFree());
        buffer.release();
        assertTrue(buffer.isFree());
        assertThrows(IllegalStateException.class, buffer::release);
        assertEquals(3, pool.free(), "the pool is another thread's");
        assertSame(buffer, way.poll());
        assertNull(way.poll());
        pool.home(buffer);
        assertEquals(4, pool.free());
        assertThrows(IllegalStateException.class, buffer::release);
    }

    @Test
    void shouldTakeHomeOnlyWhatWasReleased() {
        PooledBuffer buffer = pool.allocate();
        assertThrows(IllegalStateException.class, () -> pool.home(buffer));
        assertEquals(3, pool.free());
    }
}
