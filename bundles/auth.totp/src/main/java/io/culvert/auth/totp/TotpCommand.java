package io.culvert.auth.totp;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.store.StoreException;
import io.nayuki.qrcodegen.QrCode;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code user totp}: gives a user a secret and shows it once, or takes it away; with {@code list} the names of those who
 * have one.
 */
final class TotpCommand implements Command {
    private static final Logger LOG = LoggerFactory.getLogger(TotpCommand.class);
    private static final Pattern NAME = Pattern.compile("[^\\p{Cntrl}]{1,255}");

    private final Enrolments enrolments;
    private final Totp totp;
    private final String issuer;
    private final SecureRandom random;

    TotpCommand(Enrolments enrolments, Totp totp, String issuer, SecureRandom random) {
        this.enrolments = enrolments;
        this.totp = totp;
        this.issuer = issuer;
        this.random = random;
    }

    @Override
    public String name() {
        return "user totp";
    }

    @Override
    public Object run(Map<String, Object> arguments, Reply reply) throws CommandException, InterruptedException {
        if (Boolean.TRUE.equals(arguments.get("list"))) {
            try {
                return enrolments.users();
            } catch (StoreException e) {
                throw new CommandException("user totp: " + e.getMessage(), e);
            }
        }
        if (!(arguments.get("name") instanceof String user) || !NAME.matcher(user).matches()) {
            throw new CommandException("user totp: the user's name is missing, or is not one line of up to 255 characters");
        }
        try {
            return Boolean.TRUE.equals(arguments.get("off")) ? off(user) : on(user);
        } catch (StoreException | IOException e) {
            throw new CommandException("user totp: " + e.getMessage(), e);
        }
    }

    private Object on(String user) throws CommandException, StoreException, IOException, InterruptedException {
        byte[] secret = new byte[Totp.SECRET_BYTES];
        random.nextBytes(secret);
        if (enrolments.find(user).isPresent() || !enrolments.put(user, new Enrolment(secret, -1, 0, 0), 0)) {
            throw new CommandException("user totp: " + user + " has a secret already: culvert user totp " + user
                    + " --off takes it away");
        }
        LOG.info("auth.totp user={}: given a secret for one-time codes", user);
        String uri = uri(user, secret);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("name", user);
        answer.put("uri", uri);
        answer.put("qr", picture(uri));
        return answer;
    }

    private Object off(String user) throws CommandException, StoreException, IOException, InterruptedException {
        Optional<Enrolments.Found> found = enrolments.find(user);
        if (found.isEmpty() || !enrolments.remove(user, found.get().revision())) {
            throw new CommandException("user totp: " + user + " has no secret, or it changed a moment ago");
        }
        LOG.info("auth.totp user={}: the secret for one-time codes is taken away", user);
        return Map.of("name", user, "off", true);
    }

    /** As authenticator apps read it; the parameters that are the usual ones are left out, as some apps know no others. */
    String uri(String user, byte[] secret) {
        var uri = new StringBuilder("otpauth://totp/").append(encoded(issuer)).append(':').append(encoded(user));
        uri.append("?secret=").append(Totp.base32(secret)).append("&issuer=").append(encoded(issuer));
        if (totp.digits() != 6) {
            uri.append("&digits=").append(totp.digits());
        }
        if (totp.periodSeconds() != 30) {
            uri.append("&period=").append(totp.periodSeconds());
        }
        return uri.toString();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** The QR code in half blocks, light on dark, as terminals are; with the margin that readers need. */
    static String picture(String text) {
        QrCode code = QrCode.encodeText(text, QrCode.Ecc.LOW);
        var picture = new StringBuilder();
        for (int y = -2; y < code.size + 2; y += 2) {
            for (int x = -2; x < code.size + 2; x++) {
                boolean upper = !code.getModule(x, y);
                boolean lower = !code.getModule(x, y + 1);
                picture.append(upper ? lower ? '\u2588' : '\u2580' : lower ? '\u2584' : ' ');
            }
            picture.append('\n');
        }
        return picture.toString();
    }
}
