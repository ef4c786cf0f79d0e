package io.culvert.auth.totp;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * What is known of one user. As bytes: version 1, the secret's length and the secret, three numbers.
 *
 * @param lastCounter no code of this period or an earlier one counts any more
 * @param failures wrong codes since the last right one
 * @param lockedUntil unix seconds
 */
record Enrolment(byte[] secret, long lastCounter, int failures, long lockedUntil) {
    private static final int VERSION = 1;
    /** A slip of the finger costs nothing. */
    private static final int FREE_FAILURES = 3;

    private static final int LONGEST_DOUBLING = 20;

    byte[] encode() {
        var bytes = new ByteArrayOutputStream();
        try (var out = new DataOutputStream(bytes)) {
            out.writeByte(VERSION);
            out.writeByte(secret.length);
            out.write(secret);
            out.writeLong(lastCounter);
            out.writeInt(failures);
            out.writeLong(lockedUntil);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** @throws IOException when it is no enrolment that this version understands */
    static Enrolment decode(byte[] bytes) throws IOException {
        try (var in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            int version = in.readUnsignedByte();
            if (version != VERSION) {
                throw new IOException("a secret of version " + version);
            }
            byte[] secret = new byte[in.readUnsignedByte()];
            in.readFully(secret);
            return new Enrolment(secret, in.readLong(), in.readInt(), in.readLong());
        }
    }

    /** After a right code. */
    Enrolment accepted(long counter) {
        return new Enrolment(secret, counter, 0, 0);
    }

    /**
     * After a wrong one: each wait is twice the one before.
     *
     * @param longestWait in seconds
     */
    Enrolment refused(long nowSeconds, int longestWait) {
        int doublings = failures + 1 - FREE_FAILURES;
        long wait = doublings <= 0 ? 0 : Math.min(longestWait, 1L << Math.min(doublings, LONGEST_DOUBLING));
        return new Enrolment(secret, lastCounter, failures + 1, nowSeconds + wait);
    }

    @Override
    public String toString() {
        return "Enrolment[" + failures + " failures, redacted]";
    }
}
