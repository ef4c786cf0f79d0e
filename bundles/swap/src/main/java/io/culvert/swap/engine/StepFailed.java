package io.culvert.swap.engine;

/** A step of a change that did not work: one clear line. */
class StepFailed extends Exception {
    private static final long serialVersionUID = 1;

    StepFailed(String line) {
        super(line);
    }

    /** A call that did not come back in time; its thread is left behind. */
    static final class Hung extends StepFailed {
        private static final long serialVersionUID = 1;

        Hung(String line) {
            super(line);
        }
    }

    /** An operator said stop. */
    static final class CalledOff extends StepFailed {
        private static final long serialVersionUID = 1;

        CalledOff() {
            super("called off by an operator");
        }
    }
}
