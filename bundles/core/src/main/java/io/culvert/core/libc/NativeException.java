package io.culvert.core.libc;

import java.io.IOException;

/** A call of {@link Libc} that failed: which one, and the errno that it left. */
public final class NativeException extends IOException {
    private final String call;
    private final int errno;

    /**
     * @param call the man-page name, with what it was asked where that helps: {@code ioctl(TUNSETIFF)}
     * @param errno positive
     */
    public NativeException(String call, int errno) {
        super(call + ": " + Errno.describe(errno));
        this.call = call;
        this.errno = errno;
    }

    public String call() {
        return call;
    }

    public int errno() {
        return errno;
    }
}
