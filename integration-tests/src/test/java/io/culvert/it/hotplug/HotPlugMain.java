package io.culvert.it.hotplug;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Starts the appliance as the launcher does, and exchanges bundles as lines of input say:
 *
 * <pre>
 *   install JAR                   adds a bundle
 *   update NAME                   installs and starts a newer version beside it, stops and removes it
 *   beside NAME                   installs and starts a newer version beside it
 *   retire NAME SECONDS           stops and removes it, the older one of two, and says what of it is left so much later
 *   restart NAME                  stops the bundle and starts it
 *   reinstall NAME                uninstalls and refreshes it, installs it again, starts it
 *   cycle NAME ROUNDS SECONDS     reinstalls it so often, and says what it left behind after so many seconds
 * </pre>
 *
 * Each is answered by any number of lines that begin with {@code hotplug left}, then one that begins with {@code hotplug
 * done} or {@code hotplug failed}. The end of input ends the appliance.
 */
final class HotPlugMain {
    private HotPlugMain() {}

    /** @param arguments the home directory, and the directory of bundles */
    public static void main(String[] arguments) throws Exception {
        var container = new HotPlugContainer(Path.of(arguments[0]), Path.of(arguments[1]));
        container.start();
        say("up");
        try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                answer(container, line);
            }
        }
        container.stop();
        System.exit(0);
    }

    private static void answer(HotPlugContainer container, String line) {
        String[] words = line.split(" ");
        try {
            switch (words[0]) {
                case "install" -> {
                    container.install(Path.of(words[1]));
                    say("done");
                }
                case "update" -> say("done in " + container.update(words[1]) + " ms");
                case "beside" -> {
                    container.beside(words[1]);
                    say("done");
                }
                case "retire" -> report(Leftovers.ofRetiring(container, words[1], Long.parseLong(words[2])));
                case "restart" -> say("done in " + container.restart(words[1]) + " ms");
                case "reinstall" -> say("done in " + container.reinstall(words[1]) + " ms");
                case "cycle" ->
                    report(Leftovers.of(container, words[1], Integer.parseInt(words[2]), Long.parseLong(words[3])));
                default -> say("failed: unknown command " + words[0]);
            }
        } catch (Exception | AssertionError e) {
            say("failed: " + e);
            e.printStackTrace();
        }
    }

    private static void report(Leftovers.Report report) {
        report.found().forEach(each -> say("left " + each));
        say("done " + report.figures());
    }

    private static void say(String what) {
        System.out.println("hotplug " + what);
        System.out.flush();
    }

    /** What {@code ready} answered, when it answered well. */
    static String awaitReady(Path home) throws IOException {
        return ControlSocket.ask(home.resolve("run/control.sock"), "ready");
    }
}
