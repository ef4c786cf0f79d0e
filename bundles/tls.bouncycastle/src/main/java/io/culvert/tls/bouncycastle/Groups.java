package io.culvert.tls.bouncycastle;

import io.culvert.api.tls.TlsException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bouncycastle.tls.NamedGroup;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Key-exchange groups by IANA name; a hybrid with ML-KEM comes first where the policy leaves the choice to us. */
final class Groups {
    private static final Logger LOG = LoggerFactory.getLogger(Groups.class);

    /** RFC 8446 section 4.2.7, RFC 7919, draft-ietf-tls-ecdhe-mlkem; in order of preference. */
    private static final int[] PREFERRED = {
        NamedGroup.X25519MLKEM768,
        NamedGroup.x25519,
        NamedGroup.secp256r1,
        NamedGroup.secp384r1,
        NamedGroup.x448,
        NamedGroup.secp521r1,
        NamedGroup.ffdhe2048,
        NamedGroup.ffdhe3072
    };

    private static final int[] ON_REQUEST = {
        NamedGroup.SecP256r1MLKEM768,
        NamedGroup.SecP384r1MLKEM1024,
        NamedGroup.MLKEM768,
        NamedGroup.MLKEM1024,
        NamedGroup.ffdhe4096
    };

    /** The lists whose unknown names the log has told. */
    private final Set<List<String>> told = ConcurrentHashMap.newKeySet();

    /** The codes of the names, those that the library lacks left out. */
    int[] of(List<String> names) throws TlsException {
        if (names.isEmpty()) {
            return PREFERRED.clone();
        }
        var known = new ArrayList<Integer>();
        var unknown = new ArrayList<String>();
        for (String name : names) {
            int code = code(name);
            if (code < 0) {
                unknown.add(name);
            } else {
                known.add(code);
            }
        }
        if (known.isEmpty()) {
            throw new TlsException("Bouncy Castle's TLS has none of the policy's groups " + names);
        }
        if (!unknown.isEmpty() && told.add(names)) {
            LOG.info("bouncycastle: goes on without the groups {}, which it does not have", unknown);
        }
        return known.stream().mapToInt(Integer::intValue).toArray();
    }

    private static int code(String name) {
        for (int[] list : new int[][] {PREFERRED, ON_REQUEST}) {
            for (int code : list) {
                if (NamedGroup.getName(code).equalsIgnoreCase(name)) {
                    return code;
                }
            }
        }
        return -1;
    }

    static boolean isHybrid(int group) {
        return NamedGroup.refersToASpecificHybrid(group);
    }

    /** The first of ours that the peer has as well and that {@code kind} allows; -1 for none. */
    static int first(int[] ours, int[] peers, java.util.function.IntPredicate kind) {
        return Arrays.stream(ours)
                .filter(kind)
                .filter(group -> Arrays.stream(peers).anyMatch(peer -> peer == group))
                .findFirst()
                .orElse(-1);
    }
}
