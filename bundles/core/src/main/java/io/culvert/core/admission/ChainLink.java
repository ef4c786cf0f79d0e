package io.culvert.core.admission;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One authenticator's place in the chain.
 *
 * @param name as {@code Authenticator.name}
 */
public record ChainLink(Control control, String name) {
    private static final Pattern FORM =
            Pattern.compile("(required|requisite|sufficient|optional) +([a-z][a-z0-9._-]{0,63})");

    /** What an answer means for the chain, as PAM has it. */
    public enum Control {
        /** Must accept; the others are asked nevertheless, so that the time does not tell who refused. */
        REQUIRED,
        /** Must accept; else the chain ends. */
        REQUISITE,
        /** Ends the chain when it accepts and none that must accept has refused; else it does not count. */
        SUFFICIENT,
        /** Counts only by accepting. */
        OPTIONAL
    }

    /**
     * @param text such as {@code requisite totp}
     * @throws IllegalArgumentException when it is not of that form
     */
    public static ChainLink parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new IllegalArgumentException(text);
        }
        return new ChainLink(Control.valueOf(matcher.group(1).toUpperCase(Locale.ROOT)), matcher.group(2));
    }

    boolean mustAccept() {
        return control == Control.REQUIRED || control == Control.REQUISITE;
    }

    @Override
    public String toString() {
        return control.name().toLowerCase(Locale.ROOT) + " " + name;
    }
}
