package io.culvert.web.rest;

import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.pki.PkiException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.web.rest.certificate.RevocationList;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The console's certificate by the appliance's own authority, for every name that the host is known to have. */
final class ConsoleIdentity {
    private static final String PURPOSE = "console";
    private static final int HTTPS = 443;

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(20);

    private final Supplier<@Nullable CertificateAuthority> authority;

    ConsoleIdentity(Supplier<@Nullable CertificateAuthority> authority) {
        this.authority = authority;
    }

    /**
     * The console's identity, as of now.
     *
     * @param told names from the settings; empty for the host's own
     * @param port where the revocation list can be had, with the console
     */
    TlsPolicy.Identity own(List<String> told, int port) throws PkiException {
        CertificateAuthority present = awaited();
        if (present == null) {
            throw new PkiException("no module issues certificates; add pki to the modules in etc/culvert.yaml");
        }
        TlsPolicy.Identity identity = present.serverIdentity(
                PURPOSE,
                told.isEmpty() ? hostNames() : told,
                List.of(listAt(told.isEmpty() ? hostName() : told.getFirst(), port)));
        // The authority's own certificate goes with it, so that a browser can show and import it.
        var chain = new ArrayList<>(identity.chain());
        present.authorities().stream().filter(each -> !chain.contains(each)).forEach(chain::add);
        return new TlsPolicy.Identity(identity.key(), chain);
    }

    static String listAt(String host, int port) {
        String literal = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
        return "https://" + literal + (port == HTTPS ? "" : ":" + port) + RevocationList.PATH;
    }

    /** The one there is; services are bound while this already runs. */
    private @Nullable CertificateAuthority awaited() {
        long until = System.nanoTime() + PATIENCE.toNanos();
        CertificateAuthority present = authority.get();
        while (present == null && System.nanoTime() < until && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(LOOK.toNanos());
            present = authority.get();
        }
        return present;
    }

    static String hostName() {
        try {
            String host = InetAddress.getLocalHost().getHostName();
            if (host.matches("[A-Za-z0-9.-]{1,253}")) {
                return host.toLowerCase(Locale.ROOT);
            }
        } catch (UnknownHostException e) {
            // A host without a name of its own is reached by its addresses.
        }
        return "localhost";
    }

    static List<String> hostNames() {
        var names = new TreeSet<>(List.of("localhost", "127.0.0.1", "::1"));
        names.add(hostName());
        try {
            NetworkInterface.networkInterfaces()
                    .filter(ConsoleIdentity::isOutside)
                    .flatMap(NetworkInterface::inetAddresses)
                    .filter(address -> !address.isLinkLocalAddress() && !address.isLoopbackAddress())
                    .map(address -> address.getHostAddress().replaceAll("%.*", ""))
                    .forEach(names::add);
        } catch (SocketException e) {
            // Names must do.
        }
        return List.copyOf(names);
    }

    /** Tunnels' own interfaces have no hardware beneath them, and come and go. */
    private static boolean isOutside(NetworkInterface each) {
        try {
            return each.isUp() && !each.isPointToPoint() && each.getHardwareAddress() != null;
        } catch (SocketException e) {
            return false;
        }
    }
}
