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

    private void record(String what, String name) throws IOException {
        audit.record(new AuditTrail.Entry("root", Role.ADMINISTRATOR, "local", what, "administrator " + name, "", "ok"));
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
        access.administrators.add(
                Administrator.of(name, role, access.passwords.hash(password), access.clock.instant()));
        record("admin add", name);
        return answer(name, password);
    }

    /** Password and second factor together: whoever could keep one of them would still be in. */
    private Object reset(Map<String, Object> arguments) throws Problem, CommandException, IOException {
        String name = text(arguments, "name");
        String password = access.secrets.typed(4);
        String hash = access.passwords.hash(password);
        Administrator reset = access.administrators.change(name, known -> known.withPassword(hash)
                .withTotp("", 0)
                .withPasskeys(List.of())
                .withRecovery(List.of())
                .with(known.role(), true));
        access.sessions.endAll(each -> each.name().equals(reset.name()) && each.role() != Role.SELF);
        record("admin reset", reset.name());
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
        access.administrators.remove(name);
        access.sessions.endAll(each -> each.name().equalsIgnoreCase(name) && each.role() != Role.SELF);
        record("admin remove", name);
        return "removed " + name;
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
