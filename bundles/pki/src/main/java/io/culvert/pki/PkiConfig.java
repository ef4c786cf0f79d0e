package io.culvert.pki;

import io.culvert.api.config.ConfigException;
import java.time.Duration;
import java.util.regex.Pattern;

/**
 * The authority's settings, valid by construction.
 *
 * @param keyType of keys that are made from now on; existing authorities and profiles keep theirs
 * @param authorityName the words before the key's mark in the authority's subject
 * @param serverName common name and subject alternative name of the server certificate
 * @param authorityValidity at least twice as long as what the authority signs
 */
record PkiConfig(
        KeyType keyType,
        String authorityName,
        String serverName,
        Duration authorityValidity,
        Duration serverValidity,
        Duration clientValidity,
        Duration crlValidity) {

    static final String PID = "io.culvert.pki";

    private static final Pattern AUTHORITY_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9 ._-]{0,47}");
    private static final Pattern SERVER_NAME = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?");

    static PkiConfig of(
            String keyType,
            String authorityName,
            String serverName,
            int authorityDays,
            int serverDays,
            int clientDays,
            int crlDays) {
        KeyType type = KeyType.of(keyType)
                .orElseThrow(() -> new ConfigException(PID, "keyType", keyType, "must be one of " + KeyType.accepted()));
        matches("authorityName", authorityName, AUTHORITY_NAME, "1 to 48 letters, digits, blanks, '.', '_' or '-'");
        matches("serverName", serverName, SERVER_NAME, "must be a host name of 1 to 64 characters");
        within("authorityDays", authorityDays, 30, 36_500);
        within("serverDays", serverDays, 1, authorityDays / 2);
        within("clientDays", clientDays, 1, authorityDays / 2);
        within("crlDays", crlDays, 1, 365);
        return new PkiConfig(
                type,
                authorityName,
                serverName,
                Duration.ofDays(authorityDays),
                Duration.ofDays(serverDays),
                Duration.ofDays(clientDays),
                Duration.ofDays(crlDays));
    }

    /**
     * How long before its end the authority's certificate is issued again: whatever it signs, and every profile that
     * carries it, ends before it does.
     */
    Duration authorityMargin() {
        Duration longest = serverValidity.compareTo(clientValidity) > 0 ? serverValidity : clientValidity;
        Duration third = authorityValidity.dividedBy(3);
        return longest.compareTo(third) > 0 ? longest : third;
    }

    private static void matches(String attribute, String value, Pattern pattern, String accepted) {
        if (!pattern.matcher(value).matches()) {
            throw new ConfigException(PID, attribute, "\"" + value + "\"", accepted);
        }
    }

    private static void within(String attribute, int value, int low, int high) {
        if (value < low || value > high) {
            String why = high < 36_500 && !attribute.equals("crlDays") ? " (half of authorityDays)" : "";
            throw new ConfigException(PID, attribute, value, "must be " + low + " to " + high + " days" + why);
        }
    }
}
