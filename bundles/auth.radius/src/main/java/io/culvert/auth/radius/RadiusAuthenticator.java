package io.culvert.auth.radius;

import io.culvert.api.auth.AuthDecision;
import io.culvert.api.auth.AuthDecision.Accepted;
import io.culvert.api.auth.AuthDecision.Pending;
import io.culvert.api.auth.AuthDecision.Prompt;
import io.culvert.api.auth.AuthDecision.Refused;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.auth.Credentials;
import io.culvert.auth.radius.RadiusPacket.Attribute;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Checks a password by asking a server. A server that asks back makes the decision pending on its user's answer. */
final class RadiusAuthenticator implements Authenticator {
    private static final String PEER_TEXT = "authentication failed";
    private static final int VIRTUAL = 5;
    private static final int ECHO = 1;
    private static final int MS_CHAP_CHALLENGE = 11;
    private static final int MS_CHAP2_RESPONSE = 25;
    private static final int MS_CHAP2_SUCCESS = 26;
    private static final int MAX_PASSWORD = 128;

    final LongAdder accepted = new LongAdder();
    final LongAdder refused = new LongAdder();
    final LongAdder challenged = new LongAdder();
    final LongAdder failed = new LongAdder();

    private final RadiusConfig config;
    private final RadiusClient client;
    private final Classes classes;
    private final SecureRandom random = new SecureRandom();

    RadiusAuthenticator(RadiusConfig config, Classes classes) {
        this.config = config;
        this.client = new RadiusClient(
                config.servers(), config.seals(), config.timeoutMs(), config.tries(), config.signed());
        this.classes = classes;
    }

    /** Who asks, without the password. */
    private record Caller(String user, String address) {}

    @Override
    public String name() {
        return "radius";
    }

    @Override
    public AuthDecision authenticate(Credentials credentials) throws IOException {
        InetAddress address = credentials.remote().getAddress();
        var caller = new Caller(credentials.username(), address == null ? "" : address.getHostAddress());
        byte[] password = credentials.password();
        if (password.length == 0 || password.length > MAX_PASSWORD) {
            return refusal(caller, "sent no password, or one of more than " + MAX_PASSWORD + " bytes");
        }
        if (config.msChapV2()) {
            return byMsChapV2(caller, password);
        }
        return byPassword(caller, password, null);
    }

    private AuthDecision byPassword(Caller caller, byte[] password, byte @Nullable [] state) throws IOException {
        RadiusPacket answer = ask(caller, authenticator -> {
            List<Attribute> attributes = new ArrayList<>();
            attributes.add(new Attribute(
                    Attribute.USER_PASSWORD, config.seals().hidden(password, authenticator)));
            if (state != null) {
                attributes.add(new Attribute(Attribute.STATE, state));
            }
            return attributes;
        });
        return decision(caller, answer);
    }

    private AuthDecision byMsChapV2(Caller caller, byte[] password) throws IOException {
        byte[] ours = new byte[16];
        byte[] peers = new byte[16];
        random.nextBytes(ours);
        random.nextBytes(peers);
        var maths = new MsChapV2(ours, peers, caller.user(), password);
        byte[] response = ByteBuffer.allocate(50).put(26, maths.ntResponse()).put(2, peers).array();
        RadiusPacket answer = ask(caller, authenticator -> List.of(
                Attribute.microsoft(MS_CHAP_CHALLENGE, ours), Attribute.microsoft(MS_CHAP2_RESPONSE, response)));
        if (answer.code() == RadiusPacket.ACCESS_ACCEPT && !proves(answer, maths.authenticatorResponse())) {
            return refusal(caller, "was accepted by a server that does not know the password");
        }
        return decision(caller, answer);
    }

    private static boolean proves(RadiusPacket answer, String expected) {
        for (Attribute each : answer.attributes()) {
            byte[] success = each.microsoft(MS_CHAP2_SUCCESS).orElse(new byte[0]);
            // An ident byte comes first.
            if (success.length >= 1 + expected.length()
                    && MessageDigest.isEqual(
                            Arrays.copyOfRange(success, 1, 1 + expected.length()),
                            expected.getBytes(StandardCharsets.US_ASCII))) {
                return true;
            }
        }
        return false;
    }

    private RadiusPacket ask(Caller caller, Function<byte[], List<Attribute>> secrets)
            throws IOException {
        try {
            return client.access(authenticator -> {
                List<Attribute> attributes = new ArrayList<>();
                attributes.add(Attribute.text(Attribute.USER_NAME, caller.user()));
                attributes.addAll(secrets.apply(authenticator));
                attributes.add(Attribute.text(Attribute.NAS_IDENTIFIER, config.nasIdentifier()));
                attributes.add(Attribute.number(Attribute.NAS_PORT_TYPE, VIRTUAL));
                if (!caller.address().isEmpty()) {
                    attributes.add(Attribute.text(Attribute.CALLING_STATION_ID, caller.address()));
                }
                return attributes;
            });
        } catch (IOException e) {
            failed.increment();
            throw e;
        }
    }

    private AuthDecision decision(Caller caller, RadiusPacket answer) {
        return switch (answer.code()) {
            case RadiusPacket.ACCESS_ACCEPT -> {
                accepted.increment();
                answer.first(Attribute.CLASS).ifPresent(each -> classes.put(caller.user(), each));
                yield new Accepted(attributes(answer));
            }
            case RadiusPacket.ACCESS_REJECT -> {
                String text = answer.text(Attribute.REPLY_MESSAGE);
                yield refusal(caller, "was rejected" + (text.isEmpty() ? "" : ": " + text));
            }
            case RadiusPacket.ACCESS_CHALLENGE -> challenge(caller, answer);
            default -> refusal(caller, "got an answer of code " + answer.code());
        };
    }

    private static Map<String, String> attributes(RadiusPacket answer) {
        Map<String, String> attributes = new LinkedHashMap<>();
        String group = answer.text(Attribute.FILTER_ID);
        if (!group.isEmpty()) {
            attributes.put("group", group);
        }
        answer.first(Attribute.FRAMED_IP_ADDRESS)
                // All ones leave the choice to the user, all ones but the last bit to us (RFC 2865, 5.8).
                .filter(bytes -> bytes.length == 4
                        && ByteBuffer.wrap(bytes).getInt() != -1
                        && ByteBuffer.wrap(bytes).getInt() != -2)
                .ifPresent(bytes -> {
                    try {
                        attributes.put("address", InetAddress.getByAddress(bytes).getHostAddress());
                    } catch (UnknownHostException e) {
                        throw new IllegalStateException(e);
                    }
                });
        return attributes;
    }

    private AuthDecision challenge(Caller caller, RadiusPacket answer) {
        challenged.increment();
        if (config.msChapV2()) {
            return refusal(caller, "was asked a question, which needs the setting protocol: pap");
        }
        byte[] state = answer.first(Attribute.STATE).orElse(null);
        boolean echo = answer.first(Attribute.PROMPT)
                .map(each -> each.length == 4 && each[3] == ECHO)
                .orElse(false);
        String text = answer.text(Attribute.REPLY_MESSAGE);
        var decision = new CompletableFuture<AuthDecision>();
        var question = new Prompt.Question(text.isEmpty() ? "Response" : text, echo, response -> {
            try {
                decision.complete(
                        response.length > MAX_PASSWORD
                                ? refusal(caller, "answered with more than " + MAX_PASSWORD + " bytes")
                                : byPassword(caller, response, state));
            } catch (IOException | RuntimeException e) {
                decision.completeExceptionally(e);
            } finally {
                Arrays.fill(response, (byte) 0);
            }
        });
        return new Pending(config.challenge(), question, decision);
    }

    private Refused refusal(Caller caller, String reason) {
        refused.increment();
        return new Refused("user " + caller.user() + ": " + reason, PEER_TEXT);
    }
}
