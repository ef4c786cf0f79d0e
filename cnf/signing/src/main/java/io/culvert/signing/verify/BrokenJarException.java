package io.culvert.signing.verify;

/** A jar whose signature does not hold. The message says why, in a few words about "it". */
public final class BrokenJarException extends Exception {
    private static final long serialVersionUID = 1L;

    BrokenJarException(String message) {
        super(message);
    }
}
