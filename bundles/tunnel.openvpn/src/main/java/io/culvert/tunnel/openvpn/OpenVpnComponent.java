package io.culvert.tunnel.openvpn;

import io.culvert.api.auth.StaticChallenge;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.pki.CertificateAuthority;
import io.culvert.api.store.Store;
import io.culvert.api.store.StoreException;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.ProfileSource;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.Steering;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.Transport;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.api.tunnel.TunnelSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.annotations.ReferencePolicyOption;
import org.osgi.service.metatype.annotations.Designate;

/** A configured listener as a service: its settings, its wrap key out of the store, and the protocol. */
@Component(
        configurationPid = OpenVpnConfig.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE,
        service = {TunnelProtocol.class, ProfileSource.class})
@Designate(ocd = OpenVpnSettings.class, factory = true)
public final class OpenVpnComponent implements TunnelProtocol, ProfileSource {
    private final OpenVpnProtocol protocol;
    private final Profiles profiles;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable CertificateAuthority authority;

    @Reference(
            cardinality = ReferenceCardinality.OPTIONAL,
            policy = ReferencePolicy.DYNAMIC,
            policyOption = ReferencePolicyOption.GREEDY)
    private volatile @Nullable StaticChallenge challenge;

    @Activate
    public OpenVpnComponent(OpenVpnSettings settings, Map<String, Object> properties, @Reference(target = "(culvert.front=true)") Store store)
            throws StoreException, InterruptedException {
        OpenVpnConfig config = OpenVpnConfig.of(instance(properties), settings);
        var random = new SecureRandom();
        WrapKeys keys = wrapKeys(config, store, random);
        byte[] secret = new byte[OpenVpnProtocol.SECRET_BYTES];
        random.nextBytes(secret);
        this.protocol = new OpenVpnProtocol(config, keys, StoredTokens.open(store, config, random), secret);
        this.profiles = new Profiles(config, keys, () -> authority, () -> challenge, random, InstantSource.system());
    }

    /** The part of the configuration's PID behind '~'. */
    private static String instance(Map<String, Object> properties) {
        String pid = String.valueOf(properties.get("service.pid"));
        String name = pid.substring(pid.indexOf('~') + 1);
        if (!name.matches("[a-z0-9][a-z0-9_-]{0,62}")) {
            throw OpenVpnConfig.bad("instance", name, "lower-case letters, digits, '-' and '_', at most 63");
        }
        return name;
    }

    private static WrapKeys wrapKeys(OpenVpnConfig config, Store store, SecureRandom random)
            throws StoreException, InterruptedException {
        if (!config.wrapKeyFile().isEmpty()) {
            try {
                return WrapKeys.parse(config, Files.readString(Path.of(config.wrapKeyFile())));
            } catch (IOException | IllegalArgumentException e) {
                throw OpenVpnConfig.bad(
                        "wrapKeyFile",
                        config.wrapKeyFile(),
                        "must be a readable key file for " + OpenVpnConfig.spelling(config.wrap()) + " (" + e.getMessage()
                                + ")");
            }
        }
        if (config.wrap() == OpenVpnConfig.Wrap.PLAIN) {
            return new WrapKeys.Plain();
        }
        // A key for each kind, so that changing the setting and back brings the old profiles back.
        String name = OpenVpnProtocol.NAME + "/" + config.instance() + "/" + OpenVpnConfig.spelling(config.wrap());
        Optional<Store.Entry> kept = store.read(name);
        if (kept.isEmpty()) {
            byte[] bytes = new byte[256];
            random.nextBytes(bytes);
            byte[] text = WrapKeys.generate(config, bytes).getBytes(StandardCharsets.US_ASCII);
            Arrays.fill(bytes, (byte) 0);
            StoredTokens.done(name, store.txn(
                    List.of(Store.Guard.absent(name)), List.of(new Store.Op.Put(name, text))));
            kept = store.read(name);
        }
        byte[] text = kept.orElseThrow(() -> new StoreException("the store forgot " + name)).value();
        return WrapKeys.parse(config, new String(text, StandardCharsets.US_ASCII));
    }

    @Override
    public String name() {
        return protocol.name();
    }

    @Override
    public String protocol() {
        return profiles.protocol();
    }

    @Override
    public String instance() {
        return protocol.instance();
    }

    @Override
    public Transport transport() {
        return profiles.transport();
    }

    @Override
    public boolean isBridged() {
        return profiles.isBridged();
    }

    @Override
    public boolean needsCertificate() {
        return profiles.needsCertificate();
    }

    @Override
    public String write(ProfileRequest request) {
        return profiles.write(request);
    }

    @Override
    public boolean carriesFrames() {
        return protocol.carriesFrames();
    }

    @Override
    public List<ListenerClaim> listeners() {
        return protocol.listeners();
    }

    @Override
    public StreamFraming framing() {
        return protocol.framing();
    }

    @Override
    public int headroomBytes() {
        return protocol.headroomBytes();
    }

    @Override
    public int tailroomBytes() {
        return protocol.tailroomBytes();
    }

    @Override
    public long sessionKey(PacketBuffer datagram, Endpoint from) {
        return protocol.sessionKey(datagram, from);
    }

    @Override
    public @Nullable TunnelSession accept(PacketBuffer first, Endpoint from, TunnelHost host, long nowNs, Outbox out) {
        return protocol.accept(first, from, host, nowNs, out);
    }

    @Override
    public void prepare() {
        protocol.prepare();
    }

    @Override
    public Optional<Steering> steering() {
        return protocol.steering();
    }

    @Override
    public int steeringByte(SessionRecord record) {
        return protocol.steeringByte(record);
    }

    @Override
    public TunnelSession thaw(SessionRecord record, Endpoint remote, TunnelHost host, SessionHost session, long nowNs)
            throws HandoverException {
        return protocol.thaw(record, remote, host, session, nowNs);
    }
}
