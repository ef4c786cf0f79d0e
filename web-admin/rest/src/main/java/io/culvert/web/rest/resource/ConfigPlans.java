package io.culvert.web.rest.resource;

import io.culvert.api.web.Problem;
import io.culvert.api.web.WebRequest;
import io.culvert.web.rest.resource.ChangesResource.Plan;
import io.culvert.web.rest.resource.ChangesResource.PlanChange;
import io.culvert.web.rest.resource.ChangesResource.SettingsDifference;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Plans of settings. They are tried on the running modules, and kept when every module takes them. */
final class ConfigPlans {
    private static final Pattern SET = Pattern.compile("set ([a-z0-9]+)(\\.[a-z0-9-]+)?[.: ].*", Pattern.DOTALL);
    /** Ids of modules that are one word. */
    private static final Set<String> SHORT = Set.of("core", "pki", "swap", "control");
    private static final int HASH_DIGITS = 16;

    private final Commands commands;

    ConfigPlans(Commands commands) {
        this.commands = commands;
    }

    Plan plan(PlanChange wish) throws Problem, InterruptedException {
        String module = wish.module() == null ? "" : wish.module();
        if (module.isEmpty()) {
            throw Problem.field("module", "is missing");
        }
        Row checked = check(wish);
        long revision = commands.row("config detail", Map.of("module", module)).number("revision");
        return new Plan(
                module,
                "",
                "",
                "",
                "",
                "",
                List.of(),
                "",
                "",
                List.of(),
                List.of(),
                Map.of(),
                0,
                new SettingsDifference(List.of(), List.of(), checked.texts("lines"), checked.texts("problems")),
                checked.texts("problems"),
                List.of(),
                0,
                List.of("components"),
                null,
                hash(wish, revision));
    }

    /** {@code lines} say what it would change, {@code problems} why it cannot be. */
    Row check(PlanChange wish) throws Problem, InterruptedException {
        var arguments = arguments(wish);
        arguments.put("dryRun", true);
        return commands.row("config edit", arguments);
    }

    /**
     * Tells the audit log of {@code request} what has become another value.
     *
     * @return the change's id
     */
    String apply(PlanChange wish, WebRequest request) throws Problem, InterruptedException {
        InForce before = InForce.now(commands);
        String id = ChangesResource.CONFIG + commands.row("config edit", arguments(wish)).number("number");
        before.toldTo(request, InForce.now(commands), paths(wish));
        return id;
    }

    /** Goes back to the settings after change {@code number}; else as {@link #apply}. */
    String restore(int number, WebRequest request) throws Problem, InterruptedException {
        InForce before = InForce.now(commands);
        String id = ChangesResource.CONFIG + commands.row("config rollback", Map.of("number", number)).number("number");
        before.toldTo(request, InForce.now(commands), List.of());
        return id;
    }

    private static List<String> paths(PlanChange wish) {
        String base = wish.module() + "."
                + (wish.instance() == null || wish.instance().isEmpty() ? "" : wish.instance() + ".");
        var ids = new ArrayList<String>();
        ids.addAll(wish.values() == null ? List.of() : wish.values().keySet());
        ids.addAll(wish.remove() == null ? List.of() : wish.remove());
        return ids.stream().map(id -> base + id).toList();
    }

    private static Map<String, Object> arguments(PlanChange wish) {
        var arguments = new HashMap<String, Object>();
        arguments.put("module", wish.module());
        arguments.put("instance", wish.instance() == null ? "" : wish.instance());
        arguments.put("values", wish.values() == null ? Map.of() : wish.values());
        arguments.put("remove", wish.remove() == null ? List.of() : wish.remove());
        arguments.put("drop", Boolean.TRUE.equals(wish.drop()));
        return arguments;
    }

    private static String hash(PlanChange wish, long revision) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((revision + "\n" + new TreeMap<>(arguments(wish))).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest()).substring(0, HASH_DIGITS);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The module that a line of the settings' history is about; empty when it is about several. */
    static String module(String line) {
        Matcher matcher = SET.matcher(line);
        if (!matcher.matches()) {
            return "";
        }
        String kind = matcher.group(1);
        return SHORT.contains(kind) || matcher.group(2) == null ? kind : kind + matcher.group(2);
    }
}
