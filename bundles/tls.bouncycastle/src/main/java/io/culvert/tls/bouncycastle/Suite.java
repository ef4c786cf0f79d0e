package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsException;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.tls.CipherSuite;

/** The suites that may be used, AEAD with forward secrecy, in order of preference; by IANA name. */
enum Suite {
    TLS_AES_256_GCM_SHA384(CipherSuite.TLS_AES_256_GCM_SHA384),
    TLS_AES_128_GCM_SHA256(CipherSuite.TLS_AES_128_GCM_SHA256),
    TLS_CHACHA20_POLY1305_SHA256(CipherSuite.TLS_CHACHA20_POLY1305_SHA256),
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384(CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384),
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256(CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256),
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256(CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256),
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384(CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256(CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256(CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256),
    TLS_DHE_RSA_WITH_AES_256_GCM_SHA384(CipherSuite.TLS_DHE_RSA_WITH_AES_256_GCM_SHA384),
    TLS_DHE_RSA_WITH_AES_128_GCM_SHA256(CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256);

    private final int code;

    Suite(int code) {
        this.code = code;
    }

    /** Whether it belongs to TLS 1.3: its name does not tell a key exchange. */
    boolean modern() {
        return !name().contains("_WITH_");
    }

    /** The codes of the names; of all suites when there are none. */
    static List<Suite> of(List<String> names) throws TlsException {
        if (names.isEmpty()) {
            return List.of(values());
        }
        for (String name : names) {
            if (Arrays.stream(values()).noneMatch(suite -> suite.name().equals(name))) {
                throw new TlsException("Bouncy Castle's TLS has no suite " + name + " here: take it from the policy's suites");
            }
        }
        return names.stream().map(Suite::valueOf).toList();
    }

    static int[] codes(List<Suite> suites) {
        return suites.stream().mapToInt(suite -> suite.code).toArray();
    }

    /** The IANA name of a code. */
    static String name(int code) {
        return Arrays.stream(values())
                .filter(suite -> suite.code == code)
                .map(Suite::name)
                .findFirst()
                .orElse("0x" + Integer.toHexString(code));
    }
}
