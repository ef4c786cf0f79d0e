package io.culvert.crypto.support.memory;

/**
 * A native library, loaded for as long as somebody uses it: the provider, and each key that is open. A key may outlive
 * the provider, as sessions keep theirs until there is another provider to move to. Threads: any.
 */
public abstract class CipherLibrary {
    private final String name;

    /** Guarded by this. The first is the provider's. */
    private int users = 1;

    /** @param name for messages */
    protected CipherLibrary(String name) {
        this.name = name;
    }

    /** Nobody uses it any more; called once. */
    protected abstract void unload();

    /** Keeps the library loaded until {@link #release}. */
    public final synchronized void retain() {
        if (users == 0) {
            throw new IllegalStateException(name + " is no longer in use");
        }
        users++;
    }

    public final synchronized void release() {
        if (--users == 0) {
            unload();
        }
    }

    public final synchronized boolean loaded() {
        return users > 0;
    }

    @Override
    public final String toString() {
        return name;
    }
}
