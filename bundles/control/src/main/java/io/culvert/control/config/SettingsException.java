package io.culvert.control.config;

import java.util.List;

/** Settings that cannot be used: one clear line for each problem, naming the place, the setting and the remedy. */
public final class SettingsException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient List<String> problems;

    public SettingsException(String problem) {
        this(List.of(problem));
    }

    public SettingsException(List<String> problems) {
        super(String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    public List<String> problems() {
        return problems;
    }
}
