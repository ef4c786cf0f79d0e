package io.culvert.swap.osgi;

import io.culvert.swap.plan.JarIdentity;
import io.culvert.swap.plan.ModuleKind;
import io.culvert.swap.repository.ModuleDirectory;
import io.culvert.swap.state.Jar;
import io.culvert.swap.state.ModuleHome;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.startlevel.BundleStartLevel;

/** The bundles that are modules. A location {@code culvert:NAME:SHA-256} tells which jar a bundle was made of. */
public final class Modules {
    private static final String SCHEME = "culvert:";

    private final BundleContext context;
    private final ModuleHome home;

    public Modules(BundleContext context, ModuleHome home) {
        this.context = context;
        this.home = home;
    }

    /** Our bundles by id, the platform's included; of two versions the one that runs. */
    public Map<String, Bundle> all() {
        var all = new TreeMap<String, Bundle>();
        for (Bundle bundle : context.getBundles()) {
            if (ours(bundle)) {
                all.merge(id(bundle), bundle, (a, b) -> b.getState() == Bundle.ACTIVE && a.getState() != Bundle.ACTIVE ? b : a);
            }
        }
        return all;
    }

    /** The modules that can be changed, by id. */
    public Map<String, Bundle> changeable() {
        var changeable = new TreeMap<>(all());
        changeable.keySet().removeIf(ModuleKind::platform);
        return changeable;
    }

    public Optional<Bundle> find(String module) {
        return Optional.ofNullable(all().get(module));
    }

    public static boolean ours(Bundle bundle) {
        return String.valueOf(bundle.getSymbolicName()).startsWith(JarIdentity.PREFIX);
    }

    public static String id(Bundle bundle) {
        String name = String.valueOf(bundle.getSymbolicName());
        return ours(bundle) ? name.substring(JarIdentity.PREFIX.length()) : name;
    }

    public List<Bundle> bundles() {
        return Arrays.asList(context.getBundles());
    }

    /** Installs a jar beside whatever is there; resolves and starts nothing. */
    public Bundle install(String module, Jar jar, int change) throws BundleException, IOException {
        String location = SCHEME + JarIdentity.PREFIX + module + ":" + jar.sha256() + ":" + change;
        // Asked before there is a second one.
        int startLevel = startLevel(module);
        try (var bytes = Files.newInputStream(home.file(jar))) {
            Bundle bundle = context.installBundle(location, bytes);
            bundle.adapt(BundleStartLevel.class).setStartLevel(startLevel);
            return bundle;
        }
    }

    /** Installs a file for a dry run. */
    Bundle tryOut(Path file) throws BundleException, IOException {
        try (var bytes = Files.newInputStream(file)) {
            return context.installBundle("culvert-plan:" + System.nanoTime(), bytes);
        }
    }

    /** As those of the same kind have it that came with the release. */
    private int startLevel(String module) {
        Optional<Bundle> present = find(module);
        if (present.isPresent()) {
            return present.get().adapt(BundleStartLevel.class).getStartLevel();
        }
        return switch (ModuleKind.of(module).word()) {
            case "log", "store" -> 4;
            case "core" -> 6;
            case "tunnel" -> 7;
            default -> 5;
        };
    }

    /** The file that a bundle was made of. */
    public Path file(Bundle bundle) throws IOException {
        String location = bundle.getLocation();
        if (location.startsWith(SCHEME)) {
            return home.file(new Jar(location.split(":")[2], bundle.getVersion().toString()));
        }
        try {
            return Path.of(URI.create(location.replaceFirst("^reference:", "")));
        } catch (RuntimeException e) {
            throw new IOException("cannot tell which file " + location + " is", e);
        }
    }

    /** Hashes of the jars that installed bundles were made of. */
    public Set<String> jars() {
        return bundles().stream()
                .map(Bundle::getLocation)
                .filter(location -> location.startsWith(SCHEME))
                .map(location -> location.split(":")[2])
                .collect(Collectors.toSet());
    }

    /** The jar of a module that came with the release and runs by itself. */
    public Optional<Path> shipped(String module) throws IOException {
        String directory = context.getProperty("culvert.bundles");
        if (directory == null) {
            return Optional.empty();
        }
        try (var levels = Files.list(Path.of(directory))) {
            for (Path level : levels.sorted().toList()) {
                Optional<Path> found = new ModuleDirectory(level).find(module);
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    public BundleContext context() {
        return context;
    }
}
