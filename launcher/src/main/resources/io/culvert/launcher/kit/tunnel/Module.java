package @package@;

import io.culvert.api.config.ConfigException;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.packet.DropReason;
import io.culvert.api.packet.Outbox;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.status.HealthCheck;
import io.culvert.api.tunnel.Endpoint;
import io.culvert.api.tunnel.HandoverException;
import io.culvert.api.tunnel.ListenerClaim;
import io.culvert.api.tunnel.SessionHost;
import io.culvert.api.tunnel.StreamFraming;
import io.culvert.api.tunnel.Transport;
import io.culvert.api.tunnel.TunnelHost;
import io.culvert.api.tunnel.TunnelProtocol;
import io.culvert.api.tunnel.TunnelSession;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Listens on a UDP port and drops what comes, until {@link #accept} starts sessions of your own protocol. */
@Component(
        service = {TunnelProtocol.class, HealthCheck.class},
        configurationPid = "io.culvert.@id@",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = @Class@.Settings.class)
public final class @Class@ implements TunnelProtocol, HealthCheck {
    /** What etc/culvert.yaml says below {@code @id@}. */
    @ObjectClassDefinition(name = "@id@")
    public @interface Settings {
        @AttributeDefinition(description = "The local address; :: takes IPv4 and IPv6.")
        String address() default "::";

        @AttributeDefinition(description = "The UDP port.", min = "1", max = "65535")
        int port() default 51900;
    }

    private final ListenerClaim listener;
    private final LongAdder dropped = new LongAdder();

    @Activate
    public @Class@(Settings settings) {
        if (settings.port() < 1 || settings.port() > 65_535) {
            throw new ConfigException("io.culvert.@id@", "port", settings.port(), "must be 1 to 65535");
        }
        listener = new ListenerClaim(Transport.UDP, new InetSocketAddress(settings.address(), settings.port()));
    }

    @Override
    public String name() {
        return "@name@";
    }

    @Override
    public String instance() {
        return "default";
    }

    @Override
    public List<ListenerClaim> listeners() {
        return List.of(listener);
    }

    @Override
    public StreamFraming framing() {
        throw new IllegalStateException("@id@ has no stream listeners");
    }

    @Override
    public int headroomBytes() {
        return 64;
    }

    @Override
    public int tailroomBytes() {
        return 32;
    }

    @Override
    public long sessionKey(PacketBuffer datagram, Endpoint from) {
        return from.keyedHash();
    }

    @Override
    public @Nullable TunnelSession accept(
            PacketBuffer first, Endpoint from, TunnelHost host, long nowNs, Outbox out) {
        dropped.increment();
        out.drop(first, DropReason.UNKNOWN_SESSION);
        return null;
    }

    @Override
    public TunnelSession thaw(
            SessionRecord sessionRecord, Endpoint remote, TunnelHost host, SessionHost session, long nowNs)
            throws HandoverException {
        throw new HandoverException("@id@ has no sessions");
    }

    @Override
    public Map<String, Object> status() {
        return Map.of("dropped", dropped.sum());
    }
}
