package io.culvert.core.libc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Zeroed memory straight from the kernel, see mmap(2). A page takes time and room once it is touched: who makes a lot of
 * memory does not wait for the zeros, and what is never used costs nothing.
 */
public final class Pages {
    private static final int PROT_READ_WRITE = 1 | 2;
    private static final int MAP_PRIVATE_ANONYMOUS = 2 | 0x20;

    private Pages() {}

    /**
     * Memory that lives for as long as something refers to it, and begins at a page.
     *
     * @param bytes more than 0
     * @throws OutOfMemoryError when the kernel gives none
     */
    public static MemorySegment allocate(long bytes) {
        MemorySegment state = Downcalls.STATE.get();
        long address;
        try {
            address = (long) Downcalls.MMAP.invokeExact(
                    state, 0L, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
        if (address == -1) {
            throw new OutOfMemoryError("no " + bytes + " bytes for packets: " + Errno.describe(Downcalls.errno(state)));
        }
        return MemorySegment.ofAddress(address).reinterpret(bytes, Arena.ofAuto(), Pages::free);
    }

    private static void free(MemorySegment pages) {
        try {
            int ignored = (int) Downcalls.MUNMAP.invokeExact(pages.address(), pages.byteSize());
        } catch (Throwable t) {
            throw Downcalls.unexpected(t);
        }
    }
}
