package io.culvert.crypto.support.memory;

import io.culvert.api.crypto.AeadKey;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.util.function.Function;

/** A provider whose keys are a native library's, which stays loaded until the last of them is closed. Threads: any. */
public abstract class NativeCipherProvider implements CipherProvider, AutoCloseable {
    private final CipherLibrary library;
    private boolean closed;

    /** @param library that nobody else uses yet */
    protected NativeCipherProvider(CipherLibrary library) {
        this.library = library;
    }

    /**
     * What {@code constructor} makes of a library that was just loaded. When it throws, nobody is left to close a
     * provider, so the library goes at once.
     */
    protected static <L extends CipherLibrary, P extends NativeCipherProvider> P of(
            L library, Function<L, P> constructor) {
        try {
            return constructor.apply(library);
        } catch (Throwable t) {
            library.release();
            throw t;
        }
    }

    /** As {@link #openKey}; the key releases the library when it is closed. */
    protected abstract AeadKey newKey(DataCipher cipher, byte[] key, int offset);

    /**
     * @throws IllegalStateException after {@link #close}, and when the library has no such cipher or no memory
     */
    @Override
    public final AeadKey openKey(DataCipher cipher, byte[] key, int offset) {
        open();
        try {
            return newKey(cipher, key, offset);
        } catch (Throwable t) {
            library.release();
            throw t;
        }
    }

    private synchronized void open() {
        if (closed) {
            throw new IllegalStateException("the provider of the ciphers of " + library + " has gone");
        }
        library.retain();
    }

    /** No new keys; the library goes when the last open key is closed. */
    @Override
    public final synchronized void close() {
        if (!closed) {
            closed = true;
            library.release();
        }
    }
}
