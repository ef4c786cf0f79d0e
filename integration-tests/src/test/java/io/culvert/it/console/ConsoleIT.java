package io.culvert.it.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.it.lab.Appliance;
import io.culvert.it.lab.Lab;
import io.culvert.it.lab.OpenVpnClient;
import io.culvert.it.lab.Proc;
import io.culvert.it.lab.RequiresRoot;
import io.culvert.it.swap.BundleCopy;
import io.culvert.it.swap.broken.Failing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestMethodOrder;
import org.openqa.selenium.Keys;

/** An operator's first day: one appliance, one browser on another host, stock clients. */
@RequiresRoot
@RequiresBrowser
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ConsoleIT {
    private static final String CONSOLE = "https://" + Lab.serverIpv4(2) + ":8443/";
    private static final String PASSWORD = "correct horse battery staple";
    private static final Duration SOON = Duration.ofSeconds(40);

    private static Lab lab;
    private static Appliance appliance;
    private static Browser browser;
    private static OpenVpnClient client;
    private static String secret;
    private static Instant lastCode = Instant.EPOCH;

    @BeforeAll
    static void start() {
        lab = Lab.open("console", 2);
        appliance = lab.with(new Appliance(lab.server, lab.directory().resolve("home")));
        appliance.configure(
                """
                modules:
                  core: { ipv4: 10.8.0.0/24, ipv6: "fd08::/64", tun: cvtun, redirectGateway: false, routes: [10.77.0.0/24] }
                  store.local: {}
                  pki: {}
                  tls.jsse: {}
                  tls.openssl: {}
                  crypto.jce: {}
                  crypto.openssl: {}
                  net.ipv4: {}
                  net.ipv6: {}
                  auth.file: {}
                  log.console: {}
                  log.file: {}
                  web.rest: { address: "::", port: 8443 }
                  web.ui: {}
                  tunnel.openvpn:
                    udp: { transport: udp, port: 1194 }
                """);
        appliance.up("--allow-unsigned");
        appliance.awaitConsole();
        browser = lab.with(Browser.open(lab.client(2)));
    }

    @AfterAll
    static void stop() {
        if (lab != null) {
            lab.close();
        }
    }

    /** What was on the screen when something went wrong. */
    @AfterEach
    void picture(TestInfo test) throws IOException {
        Files.write(
                lab.directory().resolve(test.getTestMethod().orElseThrow().getName() + ".png"), browser.picture());
    }

    private static String code() {
        // A code works once.
        browser.await("the next one-time code", SOON, _ -> Instant.now().getEpochSecond() / 30 > lastCode.getEpochSecond() / 30);
        lastCode = Instant.now();
        return OneTimeCode.of(secret, lastCode);
    }

    private static Path file(String name) {
        return lab.directory().resolve(name + ".jar");
    }

    private static Path copy(String module, String version) {
        return BundleCopy.of(module).version(version).to(file(module + "-" + version));
    }

    /** The newest download. */
    private static String downloaded() {
        return browser.await("a downloaded profile", SOON, each -> {
            try (var files = Files.list(each.downloads())) {
                var profile = files.filter(file -> file.toString().endsWith(".ovpn")).findFirst();
                if (profile.isEmpty()) {
                    return null;
                }
                String text = Files.readString(profile.get());
                Files.delete(profile.get());
                return text;
            } catch (java.nio.file.NoSuchFileException e) {
                return null;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static OpenVpnClient connect(String user, String password, String profile) {
        String[] options = profile.contains("auth-user-pass")
                ? new String[] {"auth-user-pass " + OpenVpnClient.login(lab, user, user, password)}
                : new String[0];
        return OpenVpnClient.start(lab, lab.client(1), user, profile, options);
    }

    private static void goesOn() {
        assertEquals(3, lab.client(1).ping(Lab.LAN_IPV4, 3), "the session goes on");
        assertEquals(1, client.connectionAttempts(), "the client never connected anew");
    }

    private static String version(String module) {
        try {
            return JSON.std.listFrom(appliance.cli("module", "list", "--json").ok()).stream()
                    .map(each -> (Map<?, ?>) each)
                    .filter(each -> module.equals(each.get("id")))
                    .map(each -> String.valueOf(each.get("version")))
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Order(1)
    void shouldLeadFromTheFirstStartToAClientThatIsConnected() {
        var claim = Pattern.compile("[A-Z0-9]{4}-[A-Z0-9]{4}").matcher(appliance.cli("setup", "code").ok());
        assertTrue(claim.find());
        browser.open(CONSOLE).type("#claim-code", claim.group()).click("button", "Continue");
        browser.type("#admin-name", "mina").type("#admin-password", PASSWORD).click("button", "Continue");
        secret = browser.see(".key-text").getText();
        browser.type("#admin-code", code()).click("button", "Turn it on");
        browser.see("h1", "Ten recovery codes");
        browser.click(".switch", "I have put them somewhere safe").click("button", "Continue");
        browser.type("#address", Lab.serverIpv4(1)).click("button", "Continue");
        browser.click("button", "Open the VPN");
        browser.type("#user-name", "alice").type("#user-password", PASSWORD).click("button", "Add user and issue profile");
        browser.click("a[download]", "Download");
        String profile = downloaded();
        browser.click("button", "Finish and open the console");
        browser.see("nav.nav a", "Modules");
        client = lab.with(connect("alice", PASSWORD, profile)).awaitConnected();
        goesOn();
        browser.open(CONSOLE + "#/sessions").awaitText("alice", SOON);
        assertEquals(List.of(), browser.messages());
    }

    @Test
    @Order(2)
    void shouldAddAUserWhoCanConnectUntilDisabledAndWhoseProfileCanBeRevoked() {
        browser.open(CONSOLE + "#/users").click("button", "Add user");
        browser.type("#add-name", "bob").click("dialog .switch", "Signs in with a password").click("dialog button.primary", "Add user");
        browser.click("dialog a[download]", "Download");
        String profile = downloaded();
        browser.click("dialog button", "Done");
        var bob = lab.with(connect("bob", "", profile)).awaitConnected();
        browser.open(CONSOLE + "#/users?open=bob").click("dialog button", "Disable user").click("dialog.narrow button.danger", "Disable user");
        bob.process().await("AUTH_FAILED|SIGTERM|Connection reset|RESTART|EXIT|halt", SOON);
        bob.process().kill9();
        browser.click("dialog button", "Enable user").see("dialog button", "Disable user");
        var again = lab.with(connect("bob", "", profile)).awaitConnected();
        browser.click("dialog button", "Revoke").click("dialog.narrow button.danger", "Revoke");
        again.process().await("AUTH_FAILED|SIGTERM|Connection reset|RESTART|EXIT|halt|TLS Error", SOON);
        again.process().kill9();
        goesOn();
    }

    @Test
    @Order(3)
    void shouldSwapByKeyboardAloneAndKeep() {
        plan(browser, copy("crypto.jce", "0.1.7"));
        browser.tabTo("Continue").press(Keys.ENTER);
        browser.see("dialog h2", "Replace").getText();
        browser.see("dialog .choice");
        // Of several radios Tab knows the chosen one; the arrows choose, and come back.
        browser.tabTo("Side by side").press(Keys.ARROW_DOWN).press(Keys.ARROW_UP);
        browser.tabTo("Watch for").press("10");
        browser.tabTo("Note for the audit log").press("by keyboard");
        browser.tabTo("Replace side by side").press(Keys.ENTER);
        browser.awaitText("is in charge.", Duration.ofSeconds(90));
        browser.tabTo("Done").press(Keys.ENTER);
        browser.await("the dialog to close", each -> each.all("dialog[open]").isEmpty());
        assertEquals("0.1.7", version("crypto.jce"));
        goesOn();
    }

    /** A file cannot be chosen without the system's own dialog; everything else is keys. */
    private static void plan(Browser by, Path jar) {
        by.open(CONSOLE + "#/modules").see("h1", "Modules");
        by.see("table.modules");
        by.tabTo("Install module").press(Keys.ENTER);
        by.see("#install-file").sendKeys(jar.toString());
        by.tabTo("Send and look at it").press(Keys.ENTER);
        by.see("dialog .impact");
    }

    /** Plans, chooses to watch for {@code seconds} and begins. */
    private static void swap(Browser by, Path jar, int seconds) {
        plan(by, jar);
        by.click("dialog button", "Continue");
        by.see("dialog #swap-watch").sendKeys(seconds == 300 ? "5 minutes" : seconds + " seconds");
        by.click("dialog button.primary", "Replace");
    }

    @Test
    @Order(4)
    void shouldGoBackByItselfWhenHandshakesFail() {
        appliance.cli("user", "add", "carol").ok();
        String profile = appliance.profile("carol", Lab.serverIpv4(1), "udp", "udp");
        // OpenSSL would take the handshakes otherwise: the fastest TLS module there is.
        appliance.cli("module", "stop", "tls.openssl").ok();
        swap(browser, BundleCopy.of("tls.jsse").version("0.1.6").activator(Failing.class).to(file("failing")), 300);
        browser.awaitText("It carries real sessions", SOON);
        for (int i = 0; i < 30 && !browser.text().contains("Rolled back"); i++) {
            var carol = OpenVpnClient.start(lab, lab.client(1), "carol", profile, "hand-window 4", "tls-timeout 1");
            carol.process().await(OpenVpnClient.CONNECTED + "|TLS Error|SIGUSR1", Duration.ofSeconds(20));
            carol.process().kill9();
        }
        browser.awaitText("Rolled back:", SOON).awaitText("handshakes failed");
        assertEquals("0.1.0", version("tls.jsse"));
        browser.click("dialog button", "Done");
        appliance.cli("module", "start", "tls.openssl").ok();
        goesOn();
    }

    @Test
    @Order(5)
    void shouldGoOnWithoutABrowserAndShowItInAnother() {
        swap(browser, copy("log.file", "0.1.7"), 300);
        browser.awaitText("Watching", SOON);
        String change = browser.await("the change's number", each -> {
            var number = Pattern.compile("change=(\\d+)").matcher(each.driver().getCurrentUrl());
            return number.find() ? number.group(1) : null;
        });
        browser.close();
        browser = lab.with(Browser.open(lab.client(2)));
        signIn(browser);
        browser.open(CONSOLE + "#/modules?change=" + change).see("dialog .gauge");
        browser.awaitText("It carries real sessions");
        // Two browsers: what one does the other sees.
        try (var other = Browser.open(lab.client(1))) {
            signIn(other, "https://" + Lab.serverIpv4(1) + ":8443/");
            other.open("https://" + Lab.serverIpv4(1) + ":8443/#/modules?change=" + change).click("dialog button", "Roll back now");
            other.awaitText("Rolled back:", SOON);
        }
        browser.awaitText("Rolled back:", SOON);
        browser.click("dialog button", "Done");
        assertEquals("0.1.0", version("log.file"));
        goesOn();
    }

    private static void signIn(Browser by) {
        signIn(by, CONSOLE);
    }

    private static void signIn(Browser by, String address) {
        by.open(address).type("#signin-name", "mina").type("#signin-password", PASSWORD).click("button", "Continue");
        by.see("#signin-code").sendKeys(code());
        by.see("nav.nav");
    }

    @Test
    @Order(6)
    void shouldUpdateTheConsoleThroughItselfWhileATunnelCarriesTraffic() {
        Proc ping = lab.client(1).start("ping", List.of("ping", "-n", "-i", "0.05", "-W", "2", Lab.LAN_IPV4));
        browser.expect("ERR_").expect("503").expect("401");
        swap(browser, copy("web.rest", "0.1.7"), 10);
        browser.await("the stream to be back", Duration.ofSeconds(60), each -> each.all(".link-state[data-s=live]").size() == 1
                && "0.1.7".equals(version("web.rest")));
        browser.awaitText("is in charge.", Duration.ofSeconds(60));
        ping.terminate(Duration.ofSeconds(5));
        List<String> answers = ping.lines().stream().filter(line -> line.contains("icmp_seq=")).toList();
        assertTrue(answers.getLast().contains("icmp_seq=" + answers.size() + " "), () -> "a packet was lost: " + answers);
        goesOn();
    }

    @Test
    @Order(7)
    void shouldTakeACertificateThatTheBrowserItselfConfirms() throws IOException {
        String host = Lab.serverIpv4(2);
        lab.server.exec(SOON, "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "9", "-subj", "/CN=Example console", "-addext", "subjectAltName=IP:" + host, "-addext",
                "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth", "-keyout",
                lab.directory().resolve("console.key").toString(), "-out", lab.directory().resolve("console.pem").toString())
                .ok();
        try (var other = Browser.open(lab.client(2))) {
            other.expect("ERR_").expect("401");
            signIn(other);
            other.open(CONSOLE + "#/settings/certificate").click("button", "Import a certificate");
            for (String name : List.of("chain", "key")) {
                Path file = lab.directory().resolve("console." + (name.equals("chain") ? "pem" : "key"));
                other.see("#cert-" + name);
                other.all("#cert-" + name + "-file").getFirst().sendKeys(file.toString());
                other.await("the text of " + file, SOON, each ->
                        String.valueOf(each.see("#cert-" + name).getDomProperty("value")).contains("-----END"));
            }
            other.click("dialog button", "Show this certificate");
            other.awaitText("Imported", SOON);
            other.await("the certificate to hold", SOON, _ -> {
                Map<String, Object> shown = certificate();
                return "imported".equals(shown.get("source")) && shown.get("confirmBy") == null;
            });
            other.await("the page to know", SOON, each -> each.all(".notice.warn").isEmpty());
        }
        goesOn();
    }

    private static Map<String, Object> certificate() {
        try {
            return JSON.std.mapFrom(lab.server.exec(SOON, "curl", "-sS", "--unix-socket",
                    appliance.home().resolve("run/control.sock").toString(), "http://localhost/api/v1/certificate").ok());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
