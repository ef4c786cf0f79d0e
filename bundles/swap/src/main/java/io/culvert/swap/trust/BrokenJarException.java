package io.culvert.swap.trust;

/** A jar whose signature does not hold. The message says why, in a few words about "it". */
final class BrokenJarException extends Exception {
    private static final long serialVersionUID = 1L;

    BrokenJarException(String message) {
        super(message);
    }
}
