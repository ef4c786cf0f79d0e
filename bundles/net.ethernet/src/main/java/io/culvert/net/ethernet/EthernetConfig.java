package io.culvert.net.ethernet;

import io.culvert.api.config.ConfigException;
import java.util.concurrent.TimeUnit;

/**
 * {@link EthernetSettings}, checked.
 *
 * @param stationsPerSession source addresses of one session at once
 * @param stationsOfTap that are remembered behind the TAP
 * @param ageingNs after which a silent station is forgotten (IEEE 802.1D-2004 table 7-5: 10 to 1,000,000 s)
 */
record EthernetConfig(int stationsPerSession, int stationsOfTap, long ageingNs) {
    private static final String PID = "io.culvert.net.ethernet";
    private static final int MOST = 65_536;

    /**
     * @throws ConfigException naming the setting
     */
    static EthernetConfig of(EthernetSettings settings) {
        within("stationsPerSession", settings.stationsPerSession(), 1, MOST);
        within("stationsOfTap", settings.stationsOfTap(), 1, MOST);
        within("ageingSeconds", settings.ageingSeconds(), 10, 1_000_000);
        return new EthernetConfig(
                settings.stationsPerSession(),
                settings.stationsOfTap(),
                TimeUnit.SECONDS.toNanos(settings.ageingSeconds()));
    }

    private static void within(String attribute, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ConfigException(PID, attribute, value, "must be " + least + " to " + most);
        }
    }
}
