package io.culvert.web.rest.certificate;

import io.culvert.api.web.Problem;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Whether browsers would take a chain, as far as that can be told without knowing whom they trust. */
final class Acceptance {
    private static final String SERVERS = "1.3.6.1.5.5.7.3.1";
    private static final String ANY_PURPOSE = "2.5.29.37.0";
    private static final int DNS = 2;
    private static final int ADDRESS = 7;
    private static final int LEAST_RSA_BITS = 2048;
    private static final List<Integer> CURVES = List.of(256, 384, 521);

    private Acceptance() {}

    /**
     * Looks at everything that can be wrong with {@code chain}.
     *
     * @param names that browsers use, each of which the first certificate must be for
     * @throws Problem 400 naming {@code chain}
     */
    static void check(List<X509Certificate> chain, Collection<String> names, Instant now) throws Problem {
        X509Certificate leaf = chain.getFirst();
        if (leaf.getBasicConstraints() >= 0) {
            throw wrong("begins with an authority's certificate; the server's own must be the first");
        }
        for (int i = 0; i < chain.size(); i++) {
            inTime(chain.get(i), i + 1, now);
            strong(chain.get(i), i + 1);
            if (i > 0) {
                issued(chain.get(i - 1), chain.get(i), i);
            }
        }
        purpose(leaf);
        List<String> known = names(leaf);
        if (known.isEmpty()) {
            throw wrong("names no server: its first certificate has no subject alternative name");
        }
        for (String name : names) {
            if (!covers(known, name)) {
                throw wrong("is not for " + name + ", under which browsers come here, but for " + String.join(", ", known)
                        + "; ask for one with this name, or change 'names' in the settings of web.rest");
            }
        }
    }

    private static void inTime(X509Certificate certificate, int number, Instant now) throws Problem {
        Instant from = certificate.getNotBefore().toInstant();
        Instant until = certificate.getNotAfter().toInstant();
        if (!now.isBefore(until)) {
            throw wrong("has expired: certificate " + number + " was valid until " + until);
        }
        if (now.isBefore(from)) {
            throw wrong("is not valid yet: certificate " + number + " begins at " + from + ", and it is " + now + " here");
        }
    }

    private static void strong(X509Certificate certificate, int number) throws Problem {
        boolean weak = switch (certificate.getPublicKey()) {
            case RSAKey rsa -> rsa.getModulus().bitLength() < LEAST_RSA_BITS;
            case ECKey ec -> !CURVES.contains(ec.getParams().getOrder().bitLength());
            default -> false;
        };
        if (weak) {
            throw wrong("has a key in certificate " + number + " that browsers refuse; use RSA of " + LEAST_RSA_BITS
                    + " bits or more, or EC P-256 or P-384");
        }
        boolean root = certificate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
        String signed = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        if (!root && (signed.startsWith("SHA1") || signed.startsWith("MD5"))) {
            throw wrong("has a signature in certificate " + number + " that browsers refuse: " + certificate.getSigAlgName());
        }
    }

    private static void issued(X509Certificate certificate, X509Certificate issuer, int number) throws Problem {
        try {
            if (certificate.getIssuerX500Principal().equals(issuer.getSubjectX500Principal())) {
                certificate.verify(issuer.getPublicKey());
                return;
            }
        } catch (GeneralSecurityException e) {
            // Said below.
        }
        throw wrong("is not in order: certificate " + number + " was issued by '" + certificate.getIssuerX500Principal()
                + "', but certificate " + (number + 1) + " is of '" + issuer.getSubjectX500Principal()
                + "'; put the server's own first and then each one's issuer");
    }

    private static void purpose(X509Certificate leaf) throws Problem {
        try {
            List<String> purposes = leaf.getExtendedKeyUsage();
            if (purposes != null && !purposes.contains(SERVERS) && !purposes.contains(ANY_PURPOSE)) {
                throw wrong("is not for servers: its extended key usage lacks serverAuth");
            }
        } catch (CertificateParsingException e) {
            throw wrong("cannot be read: its extended key usage is damaged");
        }
        boolean[] usage = leaf.getKeyUsage();
        if (usage != null && !usage[0]) {
            throw wrong("is not for signatures: its key usage lacks digitalSignature");
        }
    }

    /** Of DNS and literal addresses, from the extension subjectAltName. */
    static List<String> names(X509Certificate certificate) {
        var names = new ArrayList<String>();
        try {
            var all = certificate.getSubjectAlternativeNames();
            for (List<?> each : all == null ? List.<List<?>>of() : all) {
                if (each.getFirst() instanceof Integer kind && (kind == DNS || kind == ADDRESS)) {
                    names.add(String.valueOf(each.get(1)).toLowerCase(Locale.ROOT));
                }
            }
        } catch (CertificateParsingException e) {
            // It names nobody.
        }
        return List.copyOf(names);
    }

    /** RFC 9525 section 6.3: a star stands for one whole label, the first. */
    private static boolean covers(List<String> known, String name) {
        String asked = name.toLowerCase(Locale.ROOT);
        if (isAddress(asked)) {
            return known.stream().anyMatch(each -> isAddress(each) && same(each, asked));
        }
        int dot = asked.indexOf('.');
        return known.contains(asked) || dot > 0 && known.contains("*" + asked.substring(dot));
    }

    static boolean isAddress(String name) {
        return name.indexOf(':') >= 0 || name.matches("[0-9.]+");
    }

    private static boolean same(String one, String other) {
        try {
            return Arrays.equals(InetAddress.getByName(one).getAddress(), InetAddress.getByName(other).getAddress());
        } catch (UnknownHostException e) {
            return false;
        }
    }

    private static Problem wrong(String complaint) {
        return Problem.field("chain", complaint);
    }
}
