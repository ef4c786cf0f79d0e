package io.culvert.swap.selftest;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import io.culvert.api.tls.TlsPolicy.Version;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tls.TlsStep;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Two engines of one provider shake hands in memory, exchange a message each way, and agree on exported keys. */
final class TlsProof {
    private static final int MOST_ROUNDS = 20;
    private static final byte[] NOTHING = {};
    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ANSWER = "answer".getBytes(StandardCharsets.US_ASCII);

    private TlsProof() {}

    static void check(TlsProvider provider) throws Exception {
        var certificates = ThrowAway.create();
        try (TlsEngine server = provider.newServerEngine(policy(certificates, certificates.server()));
                TlsEngine client = provider.newClientEngine(policy(certificates, certificates.client()))) {
            shake(server, client);
            if (!server.peerCertificates().equals(certificates.client().chain())
                    || !client.peerCertificates().equals(certificates.server().chain())) {
                throw new IllegalStateException("an engine does not know whom it talked to");
            }
            String label = "EXPORTER-self-test";
            if (!Arrays.equals(server.exportKeyingMaterial(label, 32), client.exportKeyingMaterial(label, 32))) {
                throw new IllegalStateException("the two ends export different keys");
            }
        }
        refusesStranger(provider, certificates);
    }

    private static void shake(TlsEngine server, TlsEngine client) throws Exception {
        var atServer = new ArrayList<byte[]>();
        var atClient = new ArrayList<byte[]>();
        byte[] toServer = client.step(NOTHING, List.of(HELLO)).toPeer();
        byte[] toClient = server.step(NOTHING, List.of(ANSWER)).toPeer();
        for (int round = 0; round < MOST_ROUNDS && (atServer.isEmpty() || atClient.isEmpty()); round++) {
            TlsStep serverStep = server.step(toServer, List.of());
            atServer.addAll(serverStep.messages());
            TlsStep clientStep = client.step(joined(toClient, serverStep.toPeer()), List.of());
            atClient.addAll(clientStep.messages());
            toClient = NOTHING;
            toServer = clientStep.toPeer();
        }
        if (!server.handshakeComplete() || !client.handshakeComplete()) {
            throw new IllegalStateException("the handshake does not come to an end");
        }
        if (atServer.isEmpty()
                || atClient.isEmpty()
                || !Arrays.equals(atServer.getFirst(), HELLO)
                || !Arrays.equals(atClient.getFirst(), ANSWER)) {
            throw new IllegalStateException("a message was lost or changed");
        }
    }

    /** A provider that lets everybody in passes every handshake; it must not pass here. */
    private static void refusesStranger(TlsProvider provider, ThrowAway known) throws Exception {
        var stranger = ThrowAway.create();
        var trusting = new TlsPolicy(
                Optional.of(stranger.client()),
                List.of(known.authority()),
                PeerCertificate.REQUIRED,
                Version.TLS_1_2,
                Version.TLS_1_3,
                List.of(),
                List.of());
        try (TlsEngine server = provider.newServerEngine(policy(known, known.server()));
                TlsEngine client = provider.newClientEngine(trusting)) {
            shake(server, client);
        } catch (io.culvert.api.tls.TlsException e) {
            return;
        } catch (IllegalStateException e) {
            return;
        }
        throw new IllegalStateException("the certificate of a stranger is accepted");
    }

    private static byte[] joined(byte[] a, byte[] b) {
        byte[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    private static TlsPolicy policy(ThrowAway certificates, TlsPolicy.Identity identity) {
        return new TlsPolicy(
                Optional.of(identity),
                List.of(certificates.authority()),
                PeerCertificate.REQUIRED,
                Version.TLS_1_2,
                Version.TLS_1_3,
                List.of(),
                List.of());
    }
}
