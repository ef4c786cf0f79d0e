package io.culvert.launcher;

import io.culvert.signing.JarSigning;
import io.culvert.signing.SigningException;
import io.culvert.signing.SigningKey;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Whose modules may run: {@code module keys|trust|distrust|sign|verify}. */
final class TrustCommands {
    private static final String SETTING = "swap.trustedKeys";
    private static final int CONFIRMED = 4;

    private TrustCommands() {}

    @Command(name = "keys", description = "List the keys whose modules may run.")
    static final class KeysCommand implements Runnable {
        @ParentCommand
        ModuleCommand module;

        @Override
        public void run() {
            module.main.print(module.main.client().call("module keys", Map.of()));
        }
    }

    @Command(name = "verify", description = "Tell whether the release's files are as they were signed.")
    static final class VerifyCommand implements Runnable {
        @ParentCommand
        ModuleCommand module;

        @Override
        public void run() {
            Object answer = module.main.client().call("module verify", Map.of());
            module.main.print(answer);
            if (answer instanceof List<?> rows && rows.stream().anyMatch(VerifyCommand::wrong)) {
                throw new Failure("files of the release are not as they were signed, see above; install it again");
            }
        }

        private static boolean wrong(Object row) {
            return row instanceof Map<?, ?> map && !map.get("signature").equals("in the signed index")
                    && !String.valueOf(map.get("signature")).startsWith("signed by this release");
        }
    }

    @Command(name = "trust", description = "Let modules run that a key has signed; they get all rights of the appliance.")
    static final class TrustCommand implements Runnable {
        @ParentCommand
        ModuleCommand module;

        @Parameters(paramLabel = "FINGERPRINT", description = "SHA-256 of the key, as its author publishes it.")
        String fingerprint;

        @Option(names = "--name", paramLabel = "NAME", description = "Whose key it is.")
        String name = "trusted";

        @Option(
                names = "--confirm",
                paramLabel = "XXXX",
                description = "The last four characters of the fingerprint as its author publishes it; asked for unless told.")
        String confirmed;

        @Override
        public void run() {
            String wanted = plain(fingerprint);
            confirm(wanted, confirmed != null ? confirmed : typed(wanted, name.strip()));
            var keys = ofSettings(module.main.client());
            keys.put(wanted, name.strip());
            set(module.main, keys, "trusted: " + name.strip() + " " + wanted);
        }
    }

    @Command(name = "distrust", description = "Take back trust in a key; what runs goes on until it is stopped, and does not start again.")
    static final class DistrustCommand implements Runnable {
        @ParentCommand
        ModuleCommand module;

        @Parameters(paramLabel = "FINGERPRINT", description = "See: culvert module keys")
        String fingerprint;

        @Override
        public void run() {
            String wanted = plain(fingerprint);
            var keys = ofSettings(module.main.client());
            if (keys.remove(wanted) == null) {
                throw new Failure(wanted + ": no such key in the settings; see: culvert module keys");
            }
            set(module.main, keys, "no longer trusted: " + wanted);
        }
    }

    @Command(name = "sign", description = "Sign a module's jar, with a key that is made at the first time.")
    static final class SignCommand implements Runnable {
        @ParentCommand
        ModuleCommand module;

        @Parameters(paramLabel = "JAR", description = "Is replaced by the signed one.")
        Path jar;

        @Option(names = "--key", paramLabel = "DIR", description = "Where the key is kept; ${DEFAULT-VALUE} unless told.")
        Path directory = Path.of(System.getProperty("user.home"), ".config", "culvert", "signing");

        @Override
        public void run() {
            try {
                var key = SigningKey.openOrMake(directory, System.getProperty("user.name"));
                new JarSigning(key).sign(jar, jar);
                var answer = new LinkedHashMap<String, Object>();
                answer.put("jar", jar.toString());
                answer.put("fingerprint", key.fingerprint());
                module.main.print(answer);
            } catch (SigningException e) {
                throw new Failure(e.getMessage());
            }
        }
    }

    /** What is pasted from a refusal is soon trusted; who types the end has looked at what the author publishes. */
    private static String typed(String fingerprint, String name) {
        var console = System.console();
        if (console == null || !console.isTerminal()) {
            throw new Failure(Failure.WRONG_USAGE, "no terminal to ask at; use --confirm with the last four characters");
        }
        String shown = fingerprint.substring(0, fingerprint.length() - CONFIRMED).replaceAll("(.{4})", "$1 ") + "____";
        String line = console.readLine(
                "Modules that %s signs get all rights of this appliance. Compare the fingerprint with what is published:%n%s%n"
                        + "Its last four characters: ",
                name, shown);
        return line == null ? "" : line;
    }

    private static void confirm(String fingerprint, String end) {
        if (!end.strip().toLowerCase(Locale.ROOT).equals(fingerprint.substring(fingerprint.length() - CONFIRMED))) {
            throw new Failure("the last four characters differ from those of the fingerprint; nothing was changed");
        }
    }

    private static String plain(String fingerprint) {
        String plain = fingerprint.replace(":", "").toLowerCase(Locale.ROOT);
        if (!plain.matches("[0-9a-f]{64}")) {
            throw new Failure(fingerprint + ": is no SHA-256 fingerprint, which has 64 hex digits");
        }
        return plain;
    }

    private static Map<String, String> ofSettings(ControlClient client) {
        var keys = new LinkedHashMap<String, String>();
        if (client.call("module keys", Map.of()) instanceof List<?> rows) {
            for (Object each : rows) {
                if (each instanceof Map<?, ?> row && "settings".equals(row.get("from"))) {
                    keys.put(String.valueOf(row.get("fingerprint")), String.valueOf(row.get("name")));
                }
            }
        }
        return keys;
    }

    private static void set(Main main, Map<String, String> keys, String done) {
        List<String> values = new ArrayList<>();
        keys.forEach((fingerprint, name) -> values.add(fingerprint + " " + name));
        Object answer = main.client().call("config set", Map.of("path", SETTING, "value", Text.json(values)));
        main.print(answer, done);
    }
}
