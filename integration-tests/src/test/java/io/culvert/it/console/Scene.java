package io.culvert.it.console;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * One thing to look at: a page or a dialog of the console.
 *
 * @param name of the picture
 * @param address below the console's own, with the {@code #}
 * @param answers what the backend says for it
 * @param reach what is done to see it, after the page has loaded
 */
record Scene(String name, String address, Consumer<FakeBackend> answers, Consumer<Browser> reach) {
    private static final Consumer<FakeBackend> AS_EVER = _ -> {};

    private static Scene page(String name, String address, String heading) {
        return new Scene(name, address, AS_EVER, browser -> browser.see("h1", heading));
    }

    private static Scene dialog(String name, String address, Consumer<Browser> reach) {
        return new Scene(name, address, AS_EVER, reach.andThen(browser -> browser.see("dialog[open] h2")));
    }

    private static Scene change(String name, String example) {
        return new Scene(
                name,
                "#/modules?change=17",
                backend -> backend.example("GET", "/changes/17", 200, example),
                browser -> browser.see("dialog[open] .steps"));
    }

    /** Everything there is to see. */
    static List<Scene> all() {
        var all = new ArrayList<Scene>();
        all.addAll(shell());
        all.addAll(modules());
        all.addAll(logs());
        return all;
    }

    private static List<Scene> shell() {
        var all = new ArrayList<Scene>();
        all.add(new Scene("sign-in", "", backend -> backend.signedOut(false), browser -> browser.see("#signin-name")));
        all.add(new Scene(
                "sign-in-code",
                "",
                backend -> backend.signedOut(false),
                browser -> browser.type("#signin-name", "mina").type("#signin-password", "x").click("button", "Continue").see("#signin-code")));
        for (String step : List.of("claim", "administrator", "address", "vpn", "user")) {
            all.add(new Scene("setup-" + step, "", backend -> backend.settingUp(step), browser -> browser.see("form input")));
        }
        all.add(new Scene(
                "setup-factor",
                "",
                backend -> backend.settingUp("administrator"),
                browser -> browser.type("#admin-password", "correct horse battery").click("button", "Continue").see(".key-text")));
        all.add(new Scene("setup-recovery", "", Scene::settingUpToCodes, browser -> browser.type("#admin-password", "correct horse battery")
                .click("button", "Continue").type("#admin-code", "123456").click("button", "Turn it on").see(".codes")));
        all.add(new Scene("setup-check", "", backend -> backend.settingUp("check"), browser -> browser.see(".checks li .ok")));
        all.add(new Scene(
                "setup-restore",
                "",
                backend -> backend.settingUp("administrator"),
                browser -> browser.click("button", "Restore a backup instead").see("dialog #restore-file")));
        all.add(new Scene("self-sign-in", "self", backend -> backend.signedOut(false), browser -> browser.see("#self-name")));
        all.add(new Scene("self", "self", backend -> backend.user("alice"), browser -> browser.see("h1", "alice")));
        all.add(page("overview", "#/overview", ""));
        all.add(new Scene(
                "overview-draining",
                "#/overview",
                backend -> backend.answer("GET", "/overview", 200, draining()),
                browser -> browser.see(".look li")));
        all.add(page("sessions", "#/sessions", "Sessions"));
        all.add(page("users", "#/users", "Users"));
        all.add(dialog("user", "#/users?open=alice", browser -> browser.see("dialog .kv")));
        all.add(dialog("user-add", "#/users", browser -> browser.click("button", "Add user")));
        all.add(dialog("user-ready", "#/users", browser ->
                browser.click("button", "Add user").type("#add-name", "priya").click("dialog button.primary", "Add user").see(".qr")));
        all.add(dialog("users-import", "#/users", browser -> browser.click("button", "Import")));
        all.add(dialog("user-disable", "#/users?open=alice", browser -> {
            browser.see("dialog .kv");
            browser.click("dialog button", "Disable user").see("dialog.narrow .danger");
        }));
        for (String part : List.of("account", "appliance", "certificate", "backups", "administrators", "tokens")) {
            all.add(page("settings-" + part, "#/settings/" + part, "Settings"));
        }
        all.add(dialog("certificate-import", "#/settings/certificate", browser -> browser.click("button", "Import a certificate")));
        all.add(dialog("certificate-forget", "#/settings/certificate", browser -> browser.click("button", "Back to the own one")));
        all.add(new Scene(
                "settings-certificate-acme",
                "#/settings/certificate",
                backend -> backend.answer("GET", "/certificate", 200, ordered()),
                browser -> browser.see(".notice.bad")));
        all.add(dialog("backup-make", "#/settings/backups", browser -> browser.click("button", "Make a backup")));
        all.add(dialog("backup-restore", "#/settings/backups", browser -> browser.click("button", "Restore")));
        all.add(new Scene(
                "backup-restarting",
                "#/settings/backups",
                backend -> backend.answer("POST", "/backups:restore", 202, Map.of(
                        "host", "vpn-berlin", "created", "2026-11-21T03:00:00Z", "version", "0.1.0", "files", 214, "records", 1032)),
                browser -> browser.click("button", "Restore").type("#restore-phrase", "correct horse battery")
                        .type("#restore-typed", "vpn-berlin").click("dialog button", "Restore and restart").see("dialog.restarting .spin")));
        all.add(dialog("fresh-proof", "#/settings/backups", browser -> browser.click("button", "Download").see("#proof-password")));
        all.add(dialog("drain", "#/settings/appliance", browser -> browser.click("button", "Begin draining")));
        all.add(new Scene(
                "settings-draining",
                "#/settings/appliance",
                backend -> backend.answer("GET", "/overview", 200, draining()),
                browser -> browser.see("#draining")));
        all.add(new Scene(
                "account-unproven",
                "#/settings/account",
                backend -> backend.answer("GET", "/auth/session", 200, unproven()),
                browser -> browser.see(".notice.warn")));
        all.add(dialog("recovery-codes", "#/settings/account", browser ->
                browser.click("button", "Make new codes").click("dialog button.primary", "Make new codes").see("dialog .codes")));
        all.add(dialog("administrator-add", "#/settings/administrators", browser -> browser.click("button", "Add administrator")));
        all.add(dialog("token-add", "#/settings/tokens", browser -> browser.click("button", "Make a token")));
        all.add(dialog("token-revoke", "#/settings/tokens", browser -> browser.click("button", "Revoke backup script")));
        return all;
    }

    private static List<Scene> modules() {
        return List.of(
                page("modules", "#/modules?open=auth.totp", "Modules"),
                page("modules-catalogue", "#/modules?tab=catalogue", "Modules"),
                page("modules-keys", "#/modules?tab=keys", "Modules"),
                page("modules-history", "#/modules?tab=history", "Modules"),
                dialog("module-install", "#/modules", browser -> browser.click("button", "Install module")),
                dialog("module-trust", "#/modules", Scene::uploadUnknown),
                dialog("key-remove", "#/modules?tab=keys", browser -> browser.click("button", "Remove partner")),
                dialog("swap-review", "#/modules", browser -> browser.click("tbody button", "Update TLS of the JDK").see("dialog[open] .impact")),
                new Scene(
                        "swap-refused",
                        "#/modules",
                        backend -> backend.answer("POST", "/changes", 201, refused()),
                        browser -> browser.click("tbody button", "Update TLS of the JDK").see("dialog[open] .notice.bad")),
                new Scene(
                        "swap-stop",
                        "#/modules?change=draft-4",
                        backend -> backend.answer("GET", "/changes/draft-4", 200, planned("stop")),
                        browser -> browser.see("#swap-confirm")),
                dialog("swap-choose", "#/modules", browser -> {
                    browser.click("tbody button", "Update TLS of the JDK").click("dialog button", "Continue");
                    browser.see("dialog .choice");
                }),
                new Scene(
                        "swap-watch",
                        "#/modules?change=17",
                        Scene::halfWatched,
                        browser -> browser.see("dialog[open] .gauge")),
                change("swap-kept", "change-kept"),
                change("swap-rolled-back", "change-rolled-back"),
                change("swap-failed", "change-failed"),
                page("module-settings", "#/modules/tunnel.openvpn/settings", "Settings of"),
                new Scene("module-settings-changed", "#/modules/tunnel.openvpn/settings", AS_EVER, browser -> {
                    browser.type("#set-port", "70000");
                    browser.click("button", "Add DNS servers").see("#set-dns-0").sendKeys("10.8.0.1");
                    browser.see(".err");
                }),
                new Scene(
                        "module-settings-review",
                        "#/modules/tunnel.openvpn/settings",
                        backend -> backend.answer("POST", "/modules/[^/]+/config:validate", 200,
                                        Map.of("valid", true, "fields", Map.of(), "problems", List.of(), "planHash", "1"))
                                .example("POST", "/changes", 201, "change-plan-config"),
                        browser -> {
                            browser.type("#set-port", "1195").click("button", "Review and apply").see("dialog[open] .checks");
                        }),
                dialog("module-snapshots", "#/modules/tunnel.openvpn/settings", browser -> browser.click("button", "Snapshots").see("dialog .checks")),
                dialog("snapshot-restore", "#/modules/tunnel.openvpn/settings", browser -> browser.click("button", "Snapshots").click("dialog button", "Restore 11").see("dialog", "Restore snapshot 11")),
                dialog("module-instance", "#/modules/tunnel.openvpn/settings", browser -> browser.click("button", "Add an instance")));
    }

    private static List<Scene> logs() {
        return List.of(
                new Scene("log", "#/log", AS_EVER, browser -> browser.see(".loglines li")),
                new Scene("audit", "#/log/audit", AS_EVER, browser -> browser.click("button", "Details of entry").see("tr.detail")));
    }

    /** The second answer brings the codes. */
    private static void settingUpToCodes(FakeBackend backend) {
        var asked = new AtomicInteger();
        backend.settingUp("administrator").answer("POST", "/setup/steps/administrator", _ -> new FakeBackend.Answer(
                200,
                asked.getAndIncrement() == 0
                        ? Map.of("uri", "otpauth://totp/Culvert:mina?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Culvert")
                        : Map.of("recovery", FakeBackend.CODES, "session", FakeBackend.load("auth-session"))));
    }

    private static Object draining() {
        var overview = FakeBackend.map(FakeBackend.load("overview"));
        overview.put("draining", true);
        overview.put("problems", List.of(Map.of(
                "severity", "warning", "code", "draining", "subject", "", "text", "", "href", "#/settings/appliance")));
        overview.put("verdict", Map.of("state", "attention", "code", "problems", "count", 1));
        return overview;
    }

    private static Object unproven() {
        var session = FakeBackend.map(FakeBackend.load("auth-session"));
        session.put("signInUntil", Instant.now().plusSeconds(100).toString());
        return session;
    }

    private static void uploadUnknown(Browser browser) {
        browser.click("button", "Install module").see("#install-file").sendKeys(browser.anyFile().toString());
        browser.click("dialog button", "Send and look at it").see("#trust-four");
    }

    private static void halfWatched(FakeBackend backend) {
        var change = FakeBackend.map(FakeBackend.load("change"));
        change.put("watch", 300);
        change.put("updated", Instant.now().minusSeconds(82).toString());
        var module = FakeBackend.map(FakeBackend.load("module"));
        module.put("sessions", Map.of("0.1.1", 173, "0.2.0", 41));
        backend.answer("GET", "/changes/17", 200, change).answer("GET", "/modules/tls.jsse", 200, module);
    }

    private static Object refused() {
        var change = FakeBackend.map(planned("update"));
        var plan = FakeBackend.map(change.get("plan"));
        plan.put("refusals", List.of("it would restart the log, which imports io.culvert.api.event from it"));
        plan.put("refreshed", List.of("log.hub", "log.file"));
        change.put("plan", plan);
        return change;
    }

    /** ACME fails, and an imported one waits to be confirmed. */
    private static Object ordered() {
        var certificate = FakeBackend.map(FakeBackend.load("certificate"));
        certificate.put("confirmBy", Instant.now().plusSeconds(90).toString());
        certificate.put("order", Map.of(
                "directory", "https://acme.example.org/directory",
                "names", List.of("vpn.example.com"),
                "tried", "2026-11-21T03:00:00Z",
                "next", "2026-11-21T05:00:00Z",
                "problem", "the authority does not answer; it is asked again"));
        return certificate;
    }

    private static Object planned(String kind) {
        var change = FakeBackend.map(FakeBackend.load("change-plan"));
        if (!kind.equals("update")) {
            var plan = FakeBackend.map(change.get("plan"));
            plan.put("to", "");
            plan.put("signature", "");
            plan.put("strategies", List.of());
            plan.put("settings", Map.of("added", List.of(), "removed", List.of(), "changed", List.of(), "invalid", List.of()));
            plan.put("notes", List.of("another provider of TLS is there: tls.openssl"));
            change.put("kind", kind);
            change.put("version", "");
            change.put("plan", plan);
        }
        return change;
    }

    /** Opens it, and then speaks another language; empty for English. */
    void show(FakeBackend backend, Browser browser, String language) {
        show(backend, browser);
        if (!language.isEmpty()) {
            browser.script("dispatchEvent(new CustomEvent('culvert-language', { detail: arguments[0] }))", language);
            browser.see("html[lang='" + language + "']");
            // The next one is found by its English words.
            browser.script("localStorage.removeItem('culvert.language')");
            browser.settle();
        }
    }

    /** Opens it. */
    void show(FakeBackend backend, Browser browser) {
        answers.accept(backend);
        browser.open(backend.url() + address);
        reach.accept(browser);
        browser.settle();
    }

    @Override
    public String toString() {
        return name;
    }
}
