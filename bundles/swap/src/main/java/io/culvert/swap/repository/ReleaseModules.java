package io.culvert.swap.repository;

import io.culvert.swap.trust.Trust;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.osgi.framework.BundleContext;

/** The modules that came with the release: its repository, or its directory of jars where a build has no index. */
public final class ReleaseModules implements ModuleSource {
    private final BundleContext context;
    private final Trust trust;
    private final Platform platform;

    public ReleaseModules(BundleContext context, Trust trust) {
        this.context = context;
        this.trust = trust;
        platform = new Platform(context);
    }

    @Override
    public Optional<Path> find(String module) throws IOException {
        String directory = context.getProperty("culvert.modules");
        if (directory == null) {
            return Optional.empty();
        }
        if (Files.notExists(Path.of(directory, ModuleRepository.SIGNED_INDEX))) {
            return new ModuleDirectory(Path.of(directory)).find(module);
        }
        return Optional.of(fetch(directory, module));
    }

    /**
     * Brings the newest version of a module that resolves here.
     *
     * @param from a repository: a directory's path or an address
     * @throws IOException in one clear line
     */
    public Path fetch(String from, String module) throws IOException {
        try {
            Path quarantine = Path.of(context.getProperty("culvert.home"), "var", "modules", "quarantine");
            ModuleRepository repository = ModuleRepository.open(from, quarantine, trust);
            return repository.fetch(repository.newest(module, platform::missing));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
