package io.culvert.tls.jsse;

import javax.net.ssl.SSLException;

/** Something that the JDK would bear and we do not. */
final class RefusedException extends SSLException {
    private static final long serialVersionUID = 1;

    private final int alert;

    /** @param alert the code of RFC 8446 section 6.2 */
    RefusedException(int alert, String message) {
        super(message);
        this.alert = alert;
    }

    /** The fatal alert as a record in the clear. */
    byte[] record() {
        return new byte[] {21, 3, 3, 0, 2, 2, (byte) alert};
    }
}
