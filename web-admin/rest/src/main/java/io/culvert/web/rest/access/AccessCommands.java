package io.culvert.web.rest.access;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.api.web.AuditTrail;
import io.culvert.api.web.Problem;
import io.culvert.api.web.Role;
import io.culvert.web.rest.audit.AuditLog;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;

/** {@code admin add|list|reset|remove}, {@code setup code} and {@code audit verify}, for whoever is root. */
public final class AccessCommands {
    private final Access access;
    private final Setup setup;
    private final AuditLog audit;
    private final Supplier<String> address;

    /** @param address where the console is in a browser; empty for nowhere */
    public AccessCommands(Access access, Setup setup, AuditLog audit, Supplier<String> address) {
        this.address = address;
        this.access = access;
        this.setup = setup;
        this.audit = audit;
    }

    private interface Body {
        Object run(Map<String, Object> arguments) throws Problem, CommandException, IOException;
    }

    private record Simple(String name, Body body) implements Command {
        @Override
        public Object run(Map<String, Object> arguments, Reply reply) throws CommandException {
            try {
                return body.run(arguments);
            } catch (Problem e) {
                throw new CommandException(String.valueOf(e.getMessage()), e);
            } catch (IOException e) {
                throw new CommandException("cannot write: " + e.getMessage(), e);
            }
        }
    }

    public List<Command> all() {
        return List.of(
                new Simple("admin list", _ -> list()),
                new Simple("admin add", this::add),
                new Simple("admin reset", this::reset),
                new Simple("admin remove", this::remove),
                new Simple("setup code", _ -> code()),
                new Simple("audit verify", _ -> verify()));
    }

    private static String text(Map<String, Object> arguments, String name) throws CommandException {
        if (arguments.get(name) instanceof String text && !text.isEmpty()) {
            return text;
        }
        throw new CommandException("the argument '" + name + "' is missing");
    }

    private interface Step<T> {
        T take() throws Problem;
    }

    /** The intent is on the disk before the step is taken. */
    private <T> T audited(String what, String name, List<AuditTrail.Changed> changes, Step<T> step)
            throws Problem, IOException {
        long begun = audit.begin(entry(what, name, AuditTrail.BEGUN, List.of()));
        try {
            T taken = step.take();
            audit.end(begun, entry(what, name, "ok", changes));
            return taken;
        } catch (Problem e) {
            audit.end(begun, entry(what, name, e.code(), List.of()));
            throw e;
        }
    }

    private static AuditTrail.Entry entry(
            String what, String name, String result, List<AuditTrail.Changed> changes) {
        return new AuditTrail.Entry(
                "root", Role.ADMINISTRATOR, "local", what, "administrator " + name, "", result, changes);
    }

    private static AuditTrail.Changed secret(String field) {
        return new AuditTrail.Changed(field, "changed", "changed");
    }

    private Object list() throws Problem {
        return access.administrators.all().stream()
                .map(each -> {
                    var row = new LinkedHashMap<String, Object>();
                    row.put("name", each.name());
                    row.put("role", Access.text(each.role()));
                    row.put("enabled", each.enabled());
                    row.put("factor", each.totp().isEmpty()
                            ? each.passkeys().isEmpty() ? "none" : "passkey"
                            : each.passkeys().isEmpty() ? "one-time code" : "one-time code, passkey");
                    row.put("signedIn", Objects.toString(each.signedIn(), ""));
                    return row;
                })
                .toList();
    }

    private Object add(Map<String, Object> arguments) throws Problem, CommandException, IOException {
        String name = text(arguments, "name");
        Administrators.checkName(name);
        Role role = Access.role(arguments.get("role") instanceof String text ? text : "administrator");
        String password = access.secrets.typed(4);
        var added = Administrator.of(name, role, access.passwords.hash(password), access.clock.instant());
        audited("admin add", name, List.of(new AuditTrail.Changed("role", "", Access.text(role))), () -> {
            access.administrators.add(added);
            return added;
        });
        return answer(name, password);
    }

    /** Password and second factor together: whoever could keep one of them would still be in. */
    private Object reset(Map<String, Object> arguments) throws Problem, CommandException, IOException {
        String name = text(arguments, "name");
        String password = access.secrets.typed(4);
        String hash = access.passwords.hash(password);
        Administrator reset = audited("admin reset", name, List.of(secret("password"), secret("factors")), () -> {
            Administrator changed = access.administrators.change(name, known -> known.withPassword(hash)
                    .withTotp("", 0)
                    .withPasskeys(List.of())
                    .withRecovery(List.of())
                    .with(known.role(), true));
            access.signIns.holds(changed.name());
            access.sessions.endAll(each -> each.name().equals(changed.name()) && each.role() != Role.SELF);
            return changed;
        });
        return answer(reset.name(), password);
    }

    private static Object answer(String name, String password) {
        var answer = new LinkedHashMap<String, Object>();
        answer.put("name", name);
        answer.put("password", password);
        return answer;
    }

    private Object remove(Map<String, Object> arguments) throws Problem, CommandException, IOException {
        String name = text(arguments, "name");
        return audited("admin remove", name, List.of(), () -> {
            access.administrators.remove(name);
            access.signIns.holds(name);
            access.sessions.endAll(each -> each.name().equalsIgnoreCase(name) && each.role() != Role.SELF);
            return "removed " + name;
        });
    }

    private Object code() throws Problem, IOException {
        var answer = new LinkedHashMap<String, Object>();
        answer.put("code", setup.newCode());
        answer.put("minutes", Setup.CODE.toMinutes());
        answer.put("address", address.get());
        return answer;
    }

    private Object verify() throws CommandException, IOException {
        AuditLog.Verdict verdict = audit.verify();
        if (!verdict.intact()) {
            throw new CommandException("the audit log is not intact: " + verdict.problem() + "; " + verdict.entries()
                    + " entries before it are");
        }
        var answer = new LinkedHashMap<String, Object>();
        answer.put("entries", verdict.entries());
        answer.put("last", verdict.last());
        return answer;
    }
}
