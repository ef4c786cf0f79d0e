package io.culvert.swap.plan;

/** A change that cannot be made: one clear line naming the thing and the remedy. */
public final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    public Refused(String line) {
        super(line);
    }
}
