package io.culvert.swap.engine;

/**
 * What a new version may do before it has to go.
 *
 * @param handshakes percentage points by which the share of failed handshakes may be above that of the time before
 * @param errors that the module may log a minute
 * @param throughput percent of the time before that each session must carry at least; 0 to leave it alone
 */
public record Limits(int handshakes, int errors, int throughput) {
    public static final Limits DEFAULT = new Limits(15, 5, 25);

    private static final int MOST_ERRORS = 10_000;

    public Limits {
        within("handshakes", handshakes, 100);
        within("errors", errors, MOST_ERRORS);
        within("throughput", throughput, 100);
    }

    private static void within(String name, int value, int most) {
        if (value < 0 || value > most) {
            throw new IllegalArgumentException("the limit of " + name + " is 0 to " + most);
        }
    }
}
