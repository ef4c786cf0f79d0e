package io.culvert.swap.repository;

import io.culvert.api.command.Command;
import io.culvert.api.command.CommandException;
import io.culvert.swap.trust.Trust;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/**
 * {@code module available} lists a repository's modules, {@code module fetch} brings one into quarantine. The argument
 * {@code from} names the repository; without it, the release's own.
 */
@Component(service = {})
public final class RepositoryCommands {
    /** Libraries of the modules; nobody installs them. */
    private static final Set<String> LIBRARIES = Set.of("api", "wire", "log.slf4j");

    private final BundleContext context;
    private final Trust trust;
    private final Platform platform;
    private final List<ServiceRegistration<?>> registrations = new ArrayList<>();

    @Activate
    public RepositoryCommands(BundleContext context, @Reference Trust trust) {
        this.context = context;
        this.trust = trust;
        platform = new Platform(context);
        register("module available", this::available);
        register("module fetch", this::fetch);
    }

    private interface Body {
        Object run(Map<String, Object> arguments) throws IOException, InterruptedException, CommandException;
    }

    private void register(String name, Body body) {
        registrations.add(context.registerService(Command.class, new Command() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Object run(Map<String, Object> arguments, Reply reply) throws CommandException, InterruptedException {
                try {
                    return body.run(arguments);
                } catch (IOException e) {
                    throw new CommandException(e.getMessage(), e);
                }
            }
        }, null));
    }

    @Deactivate
    void deactivate() {
        registrations.forEach(ServiceRegistration::unregister);
    }

    private Object available(Map<String, Object> arguments) throws IOException, InterruptedException, CommandException {
        return open(arguments).offers().stream()
                .filter(offer -> !LIBRARIES.contains(offer.id()))
                .sorted(Comparator.comparing(Offer::id).thenComparing(Offer::version))
                .map(this::row)
                .toList();
    }

    private Map<String, Object> row(Offer offer) {
        var row = new LinkedHashMap<String, Object>();
        row.put("module", offer.id());
        row.put("version", offer.version().toString());
        row.put("installed", platform.version(offer.id()).orElse(""));
        row.put("bytes", offer.size());
        row.put("missing", platform.missing(offer).orElse(""));
        return row;
    }

    private Object fetch(Map<String, Object> arguments) throws IOException, InterruptedException, CommandException {
        if (!(arguments.get("module") instanceof String id) || id.isEmpty()) {
            throw new CommandException("the argument 'module' is missing");
        }
        ModuleRepository repository = open(arguments);
        Offer offer = repository.newest(id, platform::missing);
        Path jar = repository.fetch(offer);
        var answer = new LinkedHashMap<String, Object>();
        answer.put("module", offer.id());
        answer.put("version", offer.version().toString());
        answer.put("file", jar.toString());
        answer.put("signature", trust.verdict(jar).line());
        return answer;
    }

    private ModuleRepository open(Map<String, Object> arguments) throws IOException, InterruptedException, CommandException {
        String from = arguments.get("from") instanceof String text ? text : "";
        if (from.isEmpty()) {
            String distribution = context.getProperty("culvert.distribution");
            if (distribution == null) {
                throw new CommandException("this appliance has no repository of its own; name one with --from");
            }
            from = Path.of(distribution, "modules").toString();
        }
        Path quarantine = Path.of(context.getProperty("culvert.home"), "var", "modules", "quarantine");
        return ModuleRepository.open(from, quarantine, trust);
    }
}
