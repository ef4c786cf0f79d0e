package io.culvert.auth.radius;

import io.culvert.api.config.ConfigException;
import io.culvert.auth.radius.RadiusClient.Server;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@link AuthRadiusSettings}, checked.
 *
 * @param signed whether answers must have a Message-Authenticator
 * @param interim zero for no accounting
 */
record RadiusConfig(
        List<Server> servers,
        List<Server> accountants,
        Seals seals,
        boolean msChapV2,
        String nasIdentifier,
        int timeoutMs,
        int tries,
        boolean signed,
        Duration challenge,
        Duration interim) {

    static final String PID = "io.culvert.auth.radius";
    private static final Pattern SERVER = Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?");
    private static final int PORT = 1812;

    /** @throws ConfigException naming the first attribute that cannot be worked with */
    static RadiusConfig of(AuthRadiusSettings settings) {
        within("answerSeconds", settings.answerSeconds(), 1, 30);
        within("tries", settings.tries(), 1, 10);
        within("challengeSeconds", settings.challengeSeconds(), 10, 600);
        within("accountingPort", settings.accountingPort(), 1, 65_535);
        within("interimSeconds", settings.interimSeconds(), 10, 86_400);
        if (!settings.nasIdentifier().matches("\\P{C}{1,200}")) {
            throw bad("nasIdentifier", settings.nasIdentifier(), "must be 1 to 200 characters");
        }
        boolean msChapV2 = switch (settings.protocol()) {
            case "pap" -> false;
            case "mschapv2" -> true;
            default -> throw bad("protocol", settings.protocol(), "must be pap or mschapv2");
        };
        List<Server> servers = servers(settings.servers());
        return new RadiusConfig(
                servers,
                servers.stream().map(each -> new Server(each.host(), settings.accountingPort())).toList(),
                new Seals(secret(settings).getBytes(StandardCharsets.UTF_8)),
                msChapV2,
                settings.nasIdentifier(),
                settings.answerSeconds() * 1000,
                settings.tries(),
                settings.requireMessageAuthenticator(),
                Duration.ofSeconds(settings.challengeSeconds()),
                settings.accounting() ? Duration.ofSeconds(settings.interimSeconds()) : Duration.ZERO);
    }

    private static List<Server> servers(String[] texts) {
        List<Server> servers = new ArrayList<>();
        for (String text : texts) {
            Matcher matcher = SERVER.matcher(text.strip());
            if (!matcher.matches()) {
                throw bad("servers", text, "must be HOST or HOST:PORT, an IPv6 address in brackets");
            }
            int port = matcher.group(2) == null ? PORT : Integer.parseInt(matcher.group(2));
            if (port < 1 || port > 65_535) {
                throw bad("servers", text, "must have a port of 1 to 65535");
            }
            servers.add(new Server(matcher.group(1).replaceAll("[\\[\\]]", ""), port));
        }
        if (servers.isEmpty()) {
            throw bad("servers", "[]", "must name a server, such as radius.example.org");
        }
        return servers;
    }

    private static String secret(AuthRadiusSettings settings) {
        String secret = settings.secret();
        if (!settings.secretFile().isEmpty()) {
            try (var lines = Files.lines(Path.of(settings.secretFile()))) {
                secret = lines.findFirst().orElse("");
            } catch (IOException | UncheckedIOException e) {
                throw bad("secretFile", settings.secretFile(), "must be a readable file");
            }
        }
        if (secret.isEmpty()) {
            throw bad("secret", "\"\"", "or secretFile must be set: what do we share with the servers?");
        }
        return secret;
    }

    private static void within(String attribute, int value, int low, int high) {
        if (value < low || value > high) {
            throw bad(attribute, value, "must be " + low + " to " + high);
        }
    }

    private static ConfigException bad(String attribute, Object value, String accepted) {
        return new ConfigException(PID, attribute, value, accepted);
    }
}
