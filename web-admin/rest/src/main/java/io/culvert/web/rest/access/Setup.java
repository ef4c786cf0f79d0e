package io.culvert.web.rest.access;

import static io.culvert.api.web.WebEndpoint.get;
import static io.culvert.api.web.WebEndpoint.post;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.store.Store;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.api.web.WebEndpoint;
import io.culvert.api.web.WebEndpoint.Flag;
import io.culvert.api.web.WebEndpoints;
import io.culvert.api.web.WebRequest;
import io.culvert.api.web.WebResponse;
import io.culvert.web.rest.server.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code /setup}: the first administrator, claimed with a code that only the machine's owner can read, and the steps
 * after. Over once the last step is done.
 */
public final class Setup implements WebEndpoints {
    static final Duration CODE = Duration.ofMinutes(15);
    private static final Logger LOG = LoggerFactory.getLogger(Setup.class);
    private static final String BASE = "/api/v1/setup";
    private static final List<String> STEPS = List.of("claim", "administrator", "address", "vpn", "user", "check");
    private static final String KEY = "state";
    private static final int GUESSES = 20;

    private final Function<String, Optional<Command>> commands;
    private final Access access;
    private final Records<State> records;
    private final Path file;
    private final Map<String, Draft> drafts = new ConcurrentHashMap<>();
    private @Nullable Code code;

    private record State(List<String> done) {}

    private record Code(String hash, Instant until, int guesses) {}

    /** An administrator whose second factor is not confirmed yet. */
    private record Draft(String name, String password, String totp) {}

    record Step(String id, boolean done) {}

    record Shown(boolean claimed, boolean done, List<Step> steps) {}

    record Claim(String code) {}

    /** The body of the step {@code administrator}: first name and password, then one of code and credential. */
    record StepBody(
            @Nullable String name,
            @Nullable String password,
            @Nullable String code,
            @Nullable String keyName,
            @Nullable Map<String, Object> credential) {}

    record Factor(String secret, String uri, String qr, @Nullable Map<String, Object> passkey) {}

    record Made(Access.Me session, List<String> recovery) {}

    /**
     * @param file where the code is written for root
     * @param commands the command of a name, as of now
     */
    public Setup(Access access, Store store, Json json, Path file, Function<String, Optional<Command>> commands) {
        this.access = access;
        this.commands = commands;
        this.records = new Records<>(store, json, "web/setup/", State.class);
        this.file = file;
        access.settingUp(this::isLeft);
    }

    private boolean isLeft() {
        try {
            return !isOver();
        } catch (Problem e) {
            return false;
        }
    }

    @Override
    public List<WebEndpoint> endpoints() {
        return List.of(
                get(BASE, Role.NONE, "How far the set-up has come; 410 when it is over.", Shown.class, this::look)
                        .with(Flag.BEFORE_SETUP),
                post(BASE + "/claim", Role.NONE, "Claim the appliance with the code from its terminal.",
                                Claim.class, Shown.class, this::claim)
                        .with(Flag.BEFORE_SETUP),
                new WebEndpoint("POST", BASE + "/backup", Role.NONE,
                        "Send a backup that is to be restored in place of the set-up.", Void.class, Sent.class,
                        Set.of(Flag.RAW_BODY, Flag.BEFORE_SETUP), this::backup),
                post(BASE + "/restore", Role.NONE, "Make the appliance the one of the backup that was sent; it starts again.",
                                Restore.class, Restored.class, this::restore)
                        .with(Flag.BEFORE_SETUP),
                post(BASE + "/steps/{id}", Role.NONE, "Do a step: the administrator, or tell that another one is done.",
                                StepBody.class, Map.class, this::step)
                        .with(Flag.BEFORE_SETUP));
    }

    record Sent(String upload) {}

    record Restore(String upload, String passphrase) {
        @Override
        public String toString() {
            return "Restore[" + upload + "]";
        }
    }

    /** What the appliance will be when it has started again. */
    record Restored(String host, String created, String version, int files, int records) {}

    private Session claimed(WebRequest request) throws Problem {
        if (access.administrators.any()) {
            throw Problem.gone("the appliance has an administrator already: sign in, and restore under Settings");
        }
        return access.session(request)
                .filter(each -> each.stage() == Session.Stage.CLAIMED)
                .orElseThrow(() -> new Problem(401, "claim-first", "type the code from the terminal first"));
    }

    private WebResponse backup(WebRequest request) throws Problem, InterruptedException {
        claimed(request);
        request.begin();
        Object sent = run("backup receive", Map.of("stream", request.stream()));
        return new WebResponse.Json(201, new Sent(text(sent, "upload")), Map.of());
    }

    private WebResponse restore(WebRequest request) throws Problem, InterruptedException {
        claimed(request);
        Restore body = request.body(Restore.class);
        request.begin();
        Object facts = run("backup restore", Map.of("upload", body.upload(), "passphrase", body.passphrase()));
        request.note("of " + text(facts, "host") + ", made " + text(facts, "created"));
        return WebResponse.accepted(new Restored(
                text(facts, "host"),
                text(facts, "created"),
                text(facts, "version"),
                Integer.parseInt(text(facts, "files")),
                Integer.parseInt(text(facts, "records"))));
    }

    private static String text(Object answer, String name) {
        return answer instanceof Map<?, ?> map ? String.valueOf(map.get(name)) : "";
    }

    private Object run(String command, Map<String, Object> arguments) throws Problem, InterruptedException {
        Command found = commands.apply(command)
                .orElseThrow(() -> Problem.unavailable("the module backup does not run; see the modules"));
        try {
            return found.run(arguments, _ -> true);
        } catch (CommandException e) {
            throw e.getMessage().contains("passphrase")
                    ? Problem.field("passphrase", "does not open this backup; nothing was changed")
                    : Problem.refused(e.getMessage());
        }
    }

    private List<String> done() throws Problem {
        return records.read(KEY).map(found -> found.value().done()).orElse(List.of());
    }

    private Shown shown(boolean claimed) throws Problem {
        var done = new ArrayList<>(done());
        if (claimed) {
            done.add("claim");
        }
        if (access.administrators.any()) {
            done.add("administrator");
        }
        return new Shown(
                done.contains("claim"), false, STEPS.stream().map(id -> new Step(id, done.contains(id))).toList());
    }

    private void refuseWhenOver() throws Problem {
        if (isOver()) {
            throw Problem.gone("the set-up is over");
        }
    }

    /** Whoever has an administrator from the command line needs no set-up. */
    private boolean isOver() throws Problem {
        List<String> done = done();
        return done.contains("check") || !done.contains("administrator") && access.administrators.any();
    }

    private WebResponse look(WebRequest request) throws Problem {
        refuseWhenOver();
        boolean claimed = access.administrators.any()
                || access.session(request).map(each -> each.stage() == Session.Stage.CLAIMED).orElse(false);
        return WebResponse.json(shown(claimed));
    }

    private WebResponse claim(WebRequest request) throws Problem {
        if (access.administrators.any()) {
            throw Problem.gone("the appliance has an administrator already: sign in");
        }
        String typed = request.body(Claim.class).code();
        String from = request.caller().from();
        access.delays.check(Delays.NO_ACCOUNT, from);
        access.delays.failed(Delays.NO_ACCOUNT, from);
        useCode(typed);
        request.begin();
        access.delays.succeeded(Delays.NO_ACCOUNT, from);
        Sessions.Opened opened = access.sessions.open(
                Session.Stage.CLAIMED, "", Role.NONE, "code", from, Access.agent(request));
        return WebResponse.json(shown(true)).with("Set-Cookie", Cookies.set(opened.secret()));
    }

    private synchronized void useCode(String typed) throws Problem {
        Code now = code;
        if (now == null || !access.clock.instant().isBefore(now.until())) {
            throw new Problem(401, "code-expired", "the code has expired; make another one with: culvert setup code");
        }
        if (now.guesses() >= GUESSES) {
            throw new Problem(401, "code-spent", "the code was guessed at too often; make another one with: culvert setup code");
        }
        if (!now.hash().equals(Secrets.hash(Secrets.typed(typed)))) {
            code = new Code(now.hash(), now.until(), now.guesses() + 1);
            throw new Problem(401, "wrong-credentials", "this is not the code that the terminal shows");
        }
    }

    private WebResponse step(WebRequest request) throws Problem {
        refuseWhenOver();
        String id = request.parameter("id");
        if (id.equals("administrator")) {
            return administrator(request);
        }
        if (!STEPS.contains(id) || id.equals("claim")) {
            throw Problem.notFound("there is no step '" + id + "'");
        }
        if (request.caller().role() != Role.ADMINISTRATOR) {
            throw new Problem(401, "sign-in", "sign in as an administrator first");
        }
        var done = new ArrayList<>(done());
        if (!done.contains(id)) {
            done.add(id);
        }
        request.begin();
        records.set(KEY, new State(List.copyOf(done)));
        return WebResponse.json(new Shown(
                true,
                done.contains("check"),
                STEPS.stream()
                        .map(each -> new Step(each, done.contains(each) || each.equals("claim") || each.equals("administrator")))
                        .toList()));
    }

    private WebResponse administrator(WebRequest request) throws Problem {
        if (access.administrators.any()) {
            throw Problem.gone("the appliance has an administrator already: sign in");
        }
        Session claimed = access.session(request)
                .filter(each -> each.stage() == Session.Stage.CLAIMED)
                .orElseThrow(() -> new Problem(401, "claim-first", "type the code from the terminal first"));
        StepBody body = request.body(StepBody.class);
        String name = body.name();
        String password = body.password();
        if (name != null && password != null) {
            return draft(claimed, name, password, request);
        }
        Draft draft = drafts.get(claimed.id());
        if (draft == null) {
            throw Problem.conflict("name-first", "send name and password first");
        }
        request.target("administrator " + draft.name());
        Administrator made = Administrator.of(draft.name(), Role.ADMINISTRATOR, draft.password(), access.clock.instant());
        String code = body.code();
        Map<String, Object> credential = body.credential();
        if (credential != null) {
            made = made.withPasskeys(List.of(
                    access.passkeys.register(draft.name(), OwnAccount.label(body.keyName()), credential, request)));
        } else if (code != null) {
            var period = Totp.accept(
                    draft.totp(), code.replaceAll("\\s", ""), 0, access.clock.instant().getEpochSecond());
            if (period.isEmpty()) {
                throw Problem.field("code", "is wrong; compare the clocks of both devices");
            }
            made = made.withTotp(draft.totp(), period.getAsLong());
        } else {
            throw Problem.badRequest("send a code or a passkey");
        }
        List<String> codes = OwnAccount.codes(access.secrets);
        request.begin();
        access.administrators.add(made.withRecovery(OwnAccount.hashes(codes)));
        records.set(KEY, new State(List.of("administrator")));
        drafts.clear();
        forgetCode();
        var entered = (WebResponse.Json) access.enter(
                draft.name(), Role.ADMINISTRATOR, credential != null ? "passkey" : "password+totp", request);
        access.sessions.endAll(each -> each.stage() == Session.Stage.CLAIMED);
        LOG.info("web: claimed, {} is its first administrator", draft.name());
        return new WebResponse.Json(200, new Made((Access.Me) entered.body(), codes), entered.headers());
    }

    private WebResponse draft(Session claimed, String name, String password, WebRequest request) throws Problem {
        Administrators.checkName(name);
        Password.check(password);
        request.target("administrator " + name);
        request.note("name and password, its second factor to come");
        String secret = Totp.newSecret(access.secrets.random());
        drafts.put(claimed.id(), new Draft(name, access.passwords.hash(password), secret));
        String uri = Totp.uri(secret, name);
        Map<String, Object> passkey;
        try {
            passkey = access.passkeys.creation(name, List.of(), request);
        } catch (Problem e) {
            passkey = null;
        }
        return WebResponse.json(new Factor(secret, uri, Totp.svg(uri), passkey));
    }

    /** A new code in place of the old one; empty when nothing is left to claim. */
    public synchronized String newCode() throws Problem, IOException {
        if (access.administrators.any()) {
            return "";
        }
        String text = access.secrets.typed(2);
        code = new Code(Secrets.hash(Secrets.typed(text)), access.clock.instant().plus(CODE), 0);
        Files.deleteIfExists(file);
        Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(file, text + "\n");
        return text;
    }

    private synchronized void forgetCode() {
        code = null;
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("web: {} cannot be removed, {}", file, e.getMessage());
        }
    }
}
