package io.culvert.wire;

/**
 * Accepts each sequence number once: any number above the highest, and late ones within {@link #WIDTH} of it
 * (RFC 6479 describes the idea; OpenVPN's width is 64). Numbers are unsigned 64-bit values below 2^63.
 *
 * <p>Ask after authentication only: a forged number would move the window.
 */
public final class ReplayWindow {
    public static final int WIDTH = 64;

    private long highest;
    private long seen;

    /** A window in which nothing was seen; number 0 is never valid. */
    public ReplayWindow() {
        this(0);
    }

    /** A window that starts behind {@code highest}: that number and all before it count as seen. */
    public ReplayWindow(long highest) {
        this.highest = highest;
        this.seen = -1;
    }

    /** A window that goes on from another's {@link #highest} and {@link #seen}. */
    public ReplayWindow(long highest, long seen) {
        this.highest = highest;
        this.seen = seen;
    }

    /** Which of the {@value #WIDTH} numbers up to the highest were seen: bit n for {@code highest - n}. */
    public long seen() {
        return seen;
    }

    /** True, and remembered, when {@code number} is new and not too old. */
    public boolean accept(long number) {
        if (number > highest) {
            long ahead = number - highest;
            seen = ahead >= WIDTH ? 1 : seen << ahead | 1;
            highest = number;
            return true;
        }
        long behind = highest - number;
        if (behind >= WIDTH || number <= 0) {
            return false;
        }
        long bit = 1L << behind;
        if ((seen & bit) != 0) {
            return false;
        }
        seen |= bit;
        return true;
    }

    /** Whether {@link #accept} would take {@code number}, without remembering it. */
    public boolean wouldAccept(long number) {
        if (number > highest) {
            return true;
        }
        long behind = highest - number;
        return behind < WIDTH && number > 0 && (seen & 1L << behind) == 0;
    }

    public long highest() {
        return highest;
    }
}
