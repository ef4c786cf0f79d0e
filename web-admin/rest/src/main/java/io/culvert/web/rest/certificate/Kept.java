package io.culvert.web.rest.certificate;

import io.culvert.api.store.Store;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.web.Problem;
import io.culvert.web.rest.access.Records;
import io.culvert.web.rest.server.Json;
import java.util.Optional;

/** Imported certificates in the store, which seals them, and which of them was chosen. */
final class Kept {
    private static final String CHOICE = "choice";

    private final Records<Choice> choices;
    private final Records<Pair> pairs;

    /** @param imported fingerprint of the certificate, or empty for none */
    record Choice(String imported) {}

    /** In PEM. */
    record Pair(String chain, String key) {
        @Override
        public String toString() {
            return "Pair[redacted]";
        }
    }

    Kept(Store store, Json json) {
        choices = new Records<>(store, json, "web/certificate/", Choice.class);
        pairs = new Records<>(store, json, "web/certificate/imported/", Pair.class);
    }

    /** The fingerprint of the one to show; empty when none was imported. */
    String chosen() throws Problem {
        return choices.read(CHOICE).map(found -> found.value().imported()).orElse("");
    }

    /** Durable when it returns. */
    void choose(String fingerprint) throws Problem {
        choices.set(CHOICE, new Choice(fingerprint));
    }

    /** Durable when it returns. */
    String add(TlsPolicy.Identity identity) throws Problem {
        String fingerprint = Pem.fingerprint(identity.chain().getFirst());
        pairs.set(fingerprint, new Pair(Pem.text(identity.chain()), Pem.text(identity.key())));
        return fingerprint;
    }

    Optional<TlsPolicy.Identity> find(String fingerprint) throws Problem {
        var found = fingerprint.isEmpty() ? Optional.<Records.Found<Pair>>empty() : pairs.read(fingerprint);
        return found.isEmpty()
                ? Optional.empty()
                : Optional.of(Pem.identity(found.get().value().chain(), found.get().value().key()));
    }

    /** Forgets every key but this one's. */
    void keepOnly(String fingerprint) throws Problem {
        for (var found : pairs.all()) {
            if (!found.key().equals(fingerprint)) {
                pairs.delete(found.key());
            }
        }
    }
}
