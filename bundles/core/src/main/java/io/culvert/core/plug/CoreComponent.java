package io.culvert.core.plug;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.command.Command;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.store.Store;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.TunnelProtocol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings core up when it is configured and a store is there, and carries service events into the packet bus. */
@Component(
        service = {LiveSessions.class, HealthCheck.class},
        configurationPid = CoreConfig.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = CoreSettings.class)
public final class CoreComponent implements LiveSessions, HealthCheck {
    private static final Logger LOG = LoggerFactory.getLogger(CoreComponent.class);
    private static final long DEADLINE_S = 15;

    @Reference(policy = ReferencePolicy.DYNAMIC, policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable Store store;

    private volatile @Nullable TlsProvider tls;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable CertificateAuthority authority;

    /** By service. Guarded by itself. */
    private final Map<ServiceReference<CipherProvider>, CipherProvider> cipherServices = new HashMap<>();

    private volatile @Nullable CipherTrials ciphers;
    private final NewestFirst<NetworkProtocol> networks = new NewestFirst<>();
    private final NewestFirst<PayloadCodec> codecs = new NewestFirst<>();

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    private volatile List<Authenticator> authenticators = List.of();

    private volatile List<AccessCheck> checks = List.of();
    private volatile @Nullable Appliance appliance;
    private @Nullable BundleContext context;

    /** In the order of their arrival; those that came before activation are attached then. Guarded by this. */
    private final List<TunnelProtocol> protocols = new ArrayList<>();

    private List<ServiceRegistration<Command>> commands = List.of();

    @Activate
    synchronized void activate(BundleContext context, CoreSettings settings) throws IOException {
        CoreConfig config = CoreConfig.of(settings);
        Path runDir = home(context).resolve("run");
        Files.createDirectories(runDir);
        var choice = new CipherChoice(config.ciphers(), System::nanoTime);
        offer(choice);
        // Declarative Services order services from the lowest rank to the highest, the other way round than we ask.
        var plugged = new Appliance.Plugged(
                () -> authenticators.reversed(),
                () -> checks,
                () -> store,
                new PluggedServices(() -> tls, () -> authority, choice, networks::inForce, codecs::inForce));
        this.context = context;
        appliance = Appliance.start(runDir, config, plugged);
        ciphers = new CipherTrials(choice, this::moveKeys);
        ciphersChanged();
        commands = List.of(
                context.registerService(Command.class, new StatusCommand(context), null),
                context.registerService(Command.class, new SessionsCommand(this), null),
                context.registerService(Command.class, new KillCommand(this), null));
        protocols.forEach(this::attach);
    }

    @Deactivate
    synchronized void deactivate() {
        CipherTrials trials = ciphers;
        ciphers = null;
        if (trials != null) {
            trials.close();
        }
        Appliance running = appliance;
        appliance = null;
        commands.forEach(ServiceRegistration::unregister);
        commands = List.of();
        if (running != null) {
            running.stop(keepsSessions());
        }
    }

    private static Path home(BundleContext context) {
        String home = context.getProperty("culvert.home");
        if (home == null) {
            throw new IllegalStateException("the framework property culvert.home is not set");
        }
        return Path.of(home);
    }

    /** A module that is exchanged keeps its sessions; a process that stops does only when it was asked to. */
    private boolean keepsSessions() {
        BundleContext framework = context;
        if (framework == null) {
            return true;
        }
        Bundle system = framework.getBundle(Constants.SYSTEM_BUNDLE_LOCATION);
        return system == null || system.getState() != Bundle.STOPPING || Boolean.getBoolean("culvert.keep");
    }

    // ---- protocols ----

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    synchronized void bindProtocol(TunnelProtocol protocol) {
        protocols.add(protocol);
        attach(protocol);
    }

    synchronized void unbindProtocol(TunnelProtocol protocol) {
        protocols.remove(protocol);
        Appliance running = appliance;
        if (running == null) {
            return;
        }
        if (!keepsSessions()) {
            finish("end the sessions of", protocol, running.bus().end(
                    protocol, new CloseCause(CloseCause.Kind.SHUTDOWN, "the server stops", "")));
        }
        finish("detach", protocol, running.bus().detach(protocol));
    }

    private void attach(TunnelProtocol protocol) {
        Appliance running = appliance;
        if (running != null) {
            finish("attach", protocol, running.bus().attach(protocol));
        }
    }

    private static void finish(String what, TunnelProtocol protocol, CompletionStage<?> stage) {
        await(what + " " + protocol.name() + " instance=" + protocol.instance(), stage);
    }

    // ---- providers ----

    // Sessions move to the providers that are in force. Those of a provider that leaves before there is another one keep
    // what they have from it, and move when the next one comes: a module that is exchanged interrupts nobody.

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindCipher(CipherProvider provider, ServiceReference<CipherProvider> reference) {
        synchronized (cipherServices) {
            cipherServices.put(reference, provider);
        }
        ciphersChanged();
    }

    void unbindCipher(ServiceReference<CipherProvider> reference) {
        synchronized (cipherServices) {
            cipherServices.remove(reference);
        }
        ciphersChanged();
    }

    private void ciphersChanged() {
        CipherTrials trials = ciphers;
        if (trials != null) {
            offer(trials.choice());
            moveKeys();
            trials.start();
        }
    }

    private void offer(CipherChoice choice) {
        synchronized (cipherServices) {
            choice.offer(cipherServices.entrySet().stream()
                    .sorted(Map.Entry.<ServiceReference<CipherProvider>, CipherProvider>comparingByKey().reversed())
                    .map(Map.Entry::getValue)
                    .toList());
        }
    }

    private void moveKeys() {
        Appliance running = appliance;
        if (running != null) {
            await("move the keys to other ciphers", running.bus().ciphersChanged());
        }
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindNetwork(NetworkProtocol protocol, ServiceReference<NetworkProtocol> reference) {
        networks.add(reference, protocol);
        networksChanged();
    }

    void unbindNetwork(ServiceReference<NetworkProtocol> reference) {
        networks.remove(reference);
        networksChanged();
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindCodec(PayloadCodec codec, ServiceReference<PayloadCodec> reference) {
        codecs.add(reference, codec);
        codecsChanged();
    }

    void unbindCodec(ServiceReference<PayloadCodec> reference) {
        codecs.remove(reference);
        codecsChanged();
    }

    private void codecsChanged() {
        Appliance running = appliance;
        if (running != null) {
            await("tell of other payload codecs", running.bus().codecsChanged());
        }
    }

    private void networksChanged() {
        Appliance running = appliance;
        if (running != null) {
            await("tell of other network protocols", running.bus().networksChanged());
        }
    }

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    void bindTls(TlsProvider provider) {
        tls = provider;
        Appliance running = appliance;
        if (running != null) {
            await("tell of another TLS provider", running.bus().tlsChanged());
        }
    }

    void unbindTls(TlsProvider provider) {
        // With a greedy reference the next one is bound before the old one leaves.
        if (tls == provider) {
            tls = null;
        }
    }

    private static void await(String what, CompletionStage<?> stage) {
        try {
            stage.toCompletableFuture().get(DEADLINE_S, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            LOG.error("core: could not {}", what, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- access checks ----

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindCheck(AccessCheck check) {
        synchronized (protocols) {
            List<AccessCheck> now = new ArrayList<>(checks);
            now.add(check);
            checks = List.copyOf(now);
        }
        recheck();
    }

    void updatedCheck(AccessCheck check) {
        recheck();
    }

    void unbindCheck(AccessCheck check) {
        synchronized (protocols) {
            checks = checks.stream().filter(each -> each != check).toList();
        }
    }

    private void recheck() {
        Appliance running = appliance;
        if (running != null) {
            running.bus().recheck().exceptionally(e -> {
                LOG.error("core: could not check the sessions again", e);
                return null;
            });
        }
    }

    // ---- LiveSessions ----

    @Override
    public List<SessionStatus> list() {
        Appliance running = appliance;
        return running == null ? List.of() : running.bus().list();
    }

    @Override
    public int end(Predicate<SessionStatus> which, CloseCause cause) throws InterruptedException {
        Appliance running = appliance;
        return running == null ? 0 : running.bus().end(which, cause);
    }

    // ---- HealthCheck ----

    @Override
    public String name() {
        return "core";
    }

    @Override
    public Map<String, Object> status() {
        Appliance running = appliance;
        CipherTrials trials = ciphers;
        if (running == null || trials == null) {
            return Map.of();
        }
        Map<String, Object> status = running.status();
        status.put("ciphers", trials.choice().status());
        status.put("networks", networks.inForce().stream().map(NetworkProtocol::name).distinct().toList());
        return status;
    }
}
