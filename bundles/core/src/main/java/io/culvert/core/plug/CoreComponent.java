package io.culvert.core.plug;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.Authenticator;
import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.command.Command;
import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.net.FrameProtocol;
import io.culvert.api.net.NetworkProtocol;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.PathStatus;
import io.culvert.api.status.PathWatch;
import io.culvert.api.status.SessionListener;
import io.culvert.api.status.SessionStatus;
import io.culvert.api.store.Store;
import io.culvert.api.tls.TlsProvider;
import io.culvert.api.tunnel.CloseCause;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.core.buffer.BufferPool;
import io.culvert.core.bus.EndedThread;
import io.culvert.core.handover.Estate;
import io.culvert.core.libc.FfmLibc;
import io.culvert.core.libc.Haste;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
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

/**
 * Brings core up when it is configured and a store is there, and carries service events into the packet bus. One core acts
 * at a time: a newer version that is started beside it waits in the wings, without services, until the one that acts has
 * left its sockets and sessions.
 */
@Component(
        service = {},
        configurationPid = CoreConfig.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        immediate = true)
@Designate(ocd = CoreSettings.class)
public final class CoreComponent implements LiveSessions, PathWatch, HealthCheck {
    private static final Logger LOG = LoggerFactory.getLogger(CoreComponent.class);
    private static final long DEADLINE_S = 15;

    /** Control channels that may be on their way to another provider of TLS. */
    private static final int TLS_AT_ONCE = 32;

    @Reference(
            target = "(culvert.front=true)",
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable Store store;

    private final Providers providers = new Providers();
    private volatile @Nullable CipherTrials ciphers;

    /** Of a core that waits in the wings. */
    private volatile @Nullable CipherChoice toBe;

    private final Offered<NetworkProtocol> networks = new Offered<>();
    private final Offered<FrameProtocol> frames = new Offered<>();
    private final Offered<PayloadCodec> codecs = new Offered<>();

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    private volatile List<SessionListener> listeners = List.of();

    private @Nullable SessionNews news;
    private volatile @Nullable Appliance appliance;
    private volatile @Nullable BundleContext context;
    private volatile long tlsSwapWindowNs;

    /** In the order of their arrival; those that came before activation are attached then. Guarded by this. */
    private final List<TunnelProtocol> protocols = new ArrayList<>();

    private List<ServiceRegistration<?>> registrations = List.of();
    private volatile @Nullable Succession succession;
    private volatile @Nullable Thread wings;
    private boolean leaving;

    @Activate
    void activate(BundleContext context, CoreSettings settings) throws IOException {
        CoreConfig config = CoreConfig.of(settings);
        Path runDir = home(context).resolve("run");
        Files.createDirectories(runDir);
        this.context = context;
        Succession following = Succession.of(context);
        succession = following;
        if (following.tryAct()) {
            try {
                act(context, config, runDir, following, prepare(config));
            } catch (IOException | RuntimeException | Error e) {
                following.yield();
                throw e;
            }
        } else {
            LOG.info("core: version {} waits until the one that runs leaves", context.getBundle().getVersion());
            Warmth.load(context.getBundle());
            Warmth.drill(networks.all(), config.mtu());
            Prepared prepared = prepare(config);
            wings = Thread.ofPlatform()
                    .daemon()
                    .name("core-wings")
                    .start(EndedThread.forgetting(() -> follow(context, config, runDir, following, prepared)));
        }
    }

    /** Waits in the wings, then acts. */
    private void follow(
            BundleContext context, CoreConfig config, Path runDir, Succession following, Prepared prepared) {
        try {
            following.awaitTurn();
        } catch (InterruptedException e) {
            return;
        }
        try (var haste = Haste.begin(new FfmLibc())) {
            act(context, config, runDir, following, prepared);
        } catch (IOException | RuntimeException | Error e) {
            LOG.error("core: version {} could not take over", context.getBundle().getVersion(), e);
            wings = null;
            following.yield();
            stop(context.getBundle());
        }
    }

    /** Whoever waits for this core to work sees that it does not. */
    private static void stop(Bundle bundle) {
        try {
            bundle.stop(Bundle.STOP_TRANSIENT);
        } catch (BundleException | IllegalStateException e) {
            LOG.error("core: version {} cannot be stopped", bundle.getVersion(), e);
        }
    }

    /** What takes time and touches nothing that the core at work uses. */
    private record Prepared(CipherChoice ciphers, List<BufferPool> pools) {}

    private Prepared prepare(CoreConfig config) {
        var choice = new CipherChoice(config.ciphers(), System::nanoTime);
        toBe = choice;
        offer(choice);
        return new Prepared(choice, Appliance.pools(config));
    }

    private synchronized void act(
            BundleContext context, CoreConfig config, Path runDir, Succession following, Prepared prepared)
            throws IOException {
        if (leaving) {
            following.yield();
            return;
        }
        CipherChoice choice = prepared.ciphers();
        offer(choice);
        var told = new SessionNews(() -> listeners);
        var plugged = new Appliance.Plugged(
                providers::authenticators,
                providers::checks,
                () -> store,
                new PluggedServices(
                        providers.tls,
                        providers::authority,
                        choice,
                        networks::all,
                        frames::all,
                        codecs::all,
                        providers.modules,
                        told));
        news = told;
        tlsSwapWindowNs = TimeUnit.SECONDS.toNanos(config.tlsSwapWindowSeconds());
        Estate inherited = following.inherit();
        try {
            appliance = Appliance.start(runDir, config, plugged, inherited, prepared.pools());
        } catch (IOException | RuntimeException | Error e) {
            following.leave(inherited);
            throw e;
        }
        ciphers = new CipherTrials(choice, this::moveKeys);
        toBe = null;
        protocols.forEach(this::attach);
        Appliance running = appliance;
        if (running != null) {
            running.inheritedAll();
        }
        registrations = List.of(
                context.registerService(
                        new String[] {
                            LiveSessions.class.getName(), PathWatch.class.getName(), HealthCheck.class.getName()
                        },
                        this,
                        null),
                context.registerService(Command.class, new StatusCommand(context), null),
                context.registerService(Command.class, new SessionsCommand(this), null),
                context.registerService(Command.class, new KillCommand(this), null));
        ciphersChanged();
    }

    @Deactivate
    void deactivate() {
        Thread waiting = wings;
        if (waiting != null) {
            waiting.interrupt();
        }
        leave();
    }

    private synchronized void leave() {
        leaving = true;
        CipherTrials trials = ciphers;
        ciphers = null;
        if (trials != null) {
            trials.close();
        }
        Appliance running = appliance;
        appliance = null;
        registrations.forEach(ServiceRegistration::unregister);
        registrations = List.of();
        Succession following = succession;
        if (running == null || following == null) {
            return;
        }
        try (var haste = Haste.begin(new FfmLibc())) {
            if (following.keeps() && !processEnds()) {
                following.leave(running.leave());
            } else {
                running.stop(keepsSessions());
            }
        } catch (RuntimeException e) {
            LOG.error("core: could not leave what is open, the next core begins anew", e);
            running.stop(true);
        } finally {
            following.yield();
        }
        running.stop(true);
        SessionNews told = news;
        news = null;
        if (told != null) {
            told.close();
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
        return !processEnds() || Boolean.getBoolean("culvert.keep");
    }

    private boolean processEnds() {
        BundleContext framework = context;
        Bundle system = framework == null ? null : framework.getBundle(Constants.SYSTEM_BUNDLE_LOCATION);
        return system != null && system.getState() == Bundle.STOPPING;
    }

    // ---- protocols ----

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    synchronized void bindProtocol(TunnelProtocol protocol, ServiceReference<TunnelProtocol> reference) {
        providers.modules.add(protocol, reference);
        protocols.add(protocol);
        attach(protocol);
    }

    synchronized void unbindProtocol(TunnelProtocol protocol) {
        protocols.remove(protocol);
        try {
            leave(protocol);
        } finally {
            providers.modules.remove(protocol);
        }
    }

    private void leave(TunnelProtocol protocol) {
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
            if (protocol.carriesFrames()) {
                running.carryFrames();
            }
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
        CipherTrials trials = ciphers;
        if (trials != null) {
            // Packets shall not wait for its classes.
            trials.choice().warmUp(provider);
        }
        providers.modules.add(provider, reference);
        providers.ciphers.add(reference, provider);
        ciphersChanged();
    }

    void unbindCipher(ServiceReference<CipherProvider> reference) {
        CipherProvider gone = providers.ciphers.remove(reference);
        ciphersChanged();
        if (gone != null) {
            providers.modules.remove(gone);
        }
    }

    private void ciphersChanged() {
        CipherTrials trials = ciphers;
        if (trials != null) {
            offer(trials.choice());
            moveKeys();
            trials.start();
            return;
        }
        CipherChoice waiting = toBe;
        if (waiting != null) {
            offer(waiting);
        }
    }

    private void offer(CipherChoice choice) {
        choice.offer(providers.ciphers.newest());
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
    void bindFrames(FrameProtocol protocol, ServiceReference<FrameProtocol> reference) {
        frames.add(reference, protocol);
        networksChanged();
    }

    void unbindFrames(ServiceReference<FrameProtocol> reference) {
        frames.remove(reference);
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

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindTls(TlsProvider provider, ServiceReference<TlsProvider> reference) {
        MeteredTls before = providers.tls.current();
        providers.addTls(reference, provider);
        tlsChanged(before);
    }

    void unbindTls(ServiceReference<TlsProvider> reference) {
        MeteredTls before = providers.tls.current();
        MeteredTls gone = providers.tls.remove(reference);
        Appliance running = appliance;
        if (gone == null) {
            return;
        }
        tlsChanged(before);
        if (running != null && providers.tls.current() != null) {
            await("take the control channels from a TLS provider", running.bus().tlsGone(gone));
            providers.left(gone);
        } else {
            providers.modules.remove(gone);
        }
    }

    /** New handshakes go to the one in force at once, and control channels move within the window. */
    private void tlsChanged(@Nullable MeteredTls before) {
        MeteredTls now = providers.tls.current();
        Appliance running = appliance;
        if (running != null && now != null && now != before) {
            running.bus().tlsChanged(now, tlsSwapWindowNs, TLS_AT_ONCE).exceptionally(e -> {
                LOG.error("core: could not move the control channels to {}", now.name(), e);
                return false;
            });
        }
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindAuthority(CertificateAuthority service, ServiceReference<CertificateAuthority> reference) {
        providers.addAuthority(reference, service);
    }

    void unbindAuthority(ServiceReference<CertificateAuthority> reference) {
        providers.removeAuthority(reference);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindAuthenticator(Authenticator service, ServiceReference<Authenticator> reference) {
        providers.addAuthenticator(reference, service);
    }

    void unbindAuthenticator(ServiceReference<Authenticator> reference) {
        providers.removeAuthenticator(reference);
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
    void bindCheck(AccessCheck check, ServiceReference<AccessCheck> reference) {
        providers.addCheck(reference, check);
        recheck();
    }

    void updatedCheck(AccessCheck check) {
        recheck();
    }

    void unbindCheck(ServiceReference<AccessCheck> reference) {
        providers.removeCheck(reference);
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

    // ---- PathWatch ----

    @Override
    public PathStatus path() {
        Appliance running = appliance;
        return running == null ? PathStatus.NONE : running.bus().path();
    }

    @Override
    public long resetPause() {
        Appliance running = appliance;
        return running == null ? 0 : running.bus().resetPause();
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
        status.put("networks", Stream.concat(
                        networks.all().stream().map(NetworkProtocol::name),
                        frames.all().stream().map(FrameProtocol::name))
                .distinct()
                .toList());
        return status;
    }
}
