package io.culvert.web.watch;

import io.culvert.api.config.ConfigException;
import io.culvert.api.network.Prefix;
import io.culvert.api.web.Caller;
import io.culvert.api.web.Role;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;

/** Who may read metrics: whoever has signed in or has a token, and the configured neighbours without either. */
record Scrapers(List<Prefix> prefixes) {
    static Scrapers of(String[] texts) {
        var prefixes = new ArrayList<Prefix>();
        for (String text : texts) {
            try {
                prefixes.add(Prefix.parse(text));
            } catch (IllegalArgumentException e) {
                throw new ConfigException("io.culvert.web.watch", "scrapeFrom", text, e.getMessage());
            }
        }
        return new Scrapers(List.copyOf(prefixes));
    }

    boolean allows(Caller caller) {
        if (caller.means() == Caller.Means.LOCAL || caller.role().allows(Role.VIEWER)) {
            return true;
        }
        String from = caller.from().replaceAll("[\\[\\]]", "").replaceAll("%.*", "");
        try {
            InetAddress address = InetAddress.ofLiteral(from);
            return prefixes.stream().anyMatch(prefix -> prefix.contains(address));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
