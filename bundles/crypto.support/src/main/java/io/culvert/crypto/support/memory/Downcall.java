package io.culvert.crypto.support.memory;

/** What calls of native functions have in common. */
public final class Downcall {
    private Downcall() {}

    /** What a method handle throws: errors of the JVM, or a signature of ours that is wrong. */
    public static RuntimeException unexpected(Throwable t) {
        if (t instanceof RuntimeException e) {
            return e;
        }
        if (t instanceof Error e) {
            throw e;
        }
        return new IllegalStateException(t);
    }
}
