package io.culvert.swap.trust;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.swap.state.ModuleHome;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * {@code module verify}: whether the release's files are as they were signed. Its bundles are signed one by one; the
 * libraries below them are others' jars, whose digests the signed index lists.
 */
@Component
public final class VerifyCommand implements Command {
    private static final String LIBRARIES = "1";

    private final BundleContext context;
    private final Trust trust;

    @Activate
    public VerifyCommand(BundleContext context, @Reference Trust trust) {
        this.context = context;
        this.trust = trust;
    }

    @Override
    public String name() {
        return "module verify";
    }

    /** One row for each file: {@code file}, and what its signature or digest says. */
    @Override
    public List<Map<String, Object>> run(Map<String, Object> arguments, Reply reply) throws CommandException {
        String distribution = context.getProperty("culvert.distribution");
        if (distribution == null) {
            throw new CommandException("nobody said where the release lies: culvert.distribution is not set");
        }
        try {
            return verify(Path.of(distribution));
        } catch (IOException e) {
            throw new CommandException(e.getMessage(), e);
        }
    }

    private List<Map<String, Object>> verify(Path distribution) throws IOException {
        var rows = new ArrayList<Map<String, Object>>();
        Path index = distribution.resolve("modules/index.jar");
        Verdict verdict = trust.verdict(index);
        rows.add(row(distribution, index, verdict.line()));
        Map<String, String> libraries = verdict instanceof Verdict.Trusted ? libraries(index) : Map.of();
        for (Path level : list(distribution.resolve("bundles"))) {
            for (Path jar : list(level)) {
                String says = level.endsWith(LIBRARIES)
                        ? library(jar, libraries.get(jar.getFileName().toString()))
                        : trust.verdict(jar).line();
                rows.add(row(distribution, jar, says));
            }
        }
        return rows;
    }

    private static Map<String, Object> row(Path distribution, Path file, String says) {
        var row = new LinkedHashMap<String, Object>();
        row.put("file", distribution.relativize(file).toString());
        row.put("signature", says);
        return row;
    }

    private static String library(Path jar, String expected) throws IOException {
        if (expected == null) {
            return "wrong: not part of the release";
        }
        return ModuleHome.hash(jar).equals(expected) ? "in the signed index" : "wrong: differs from the signed index";
    }

    /** Digests by name, from lines as sha256sum(1) writes them. */
    private static Map<String, String> libraries(Path index) throws IOException {
        var digests = new HashMap<String, String>();
        try (var jar = new JarFile(index.toFile())) {
            ZipEntry entry = jar.getEntry("libraries.sha256");
            if (entry != null) {
                try (InputStream in = jar.getInputStream(entry)) {
                    new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(line -> {
                        String[] words = line.split(" {2}", 2);
                        digests.put(words[words.length - 1], words[0]);
                    });
                }
            }
        }
        return digests;
    }

    private static List<Path> list(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }
}
