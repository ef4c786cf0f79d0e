package @package@;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.packet.PacketBuffer;
import io.culvert.api.status.HealthCheck;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** Leaves every packet as it is. Replace that by your own way of coding. */
@Component(
        service = {PayloadCodec.class, HealthCheck.class},
        configurationPid = "io.culvert.@id@",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = @Class@.Settings.class)
public final class @Class@ implements PayloadCodec, HealthCheck {
    /** What etc/culvert.yaml says below {@code @id@}. */
    @ObjectClassDefinition(name = "@id@")
    public @interface Settings {
        @AttributeDefinition(description = "Whether anything is coded at all.")
        boolean encode() default false;
    }

    private final boolean encode;
    private final LongAdder coders = new LongAdder();

    @Activate
    public @Class@(Settings settings) {
        encode = settings.encode();
    }

    @Override
    public String name() {
        return "@name@";
    }

    @Override
    public Coder newCoder() {
        coders.increment();
        return new Coder() {
            @Override
            public boolean encode(PacketBuffer packet, int gain) {
                return false;
            }

            @Override
            public boolean decode(PacketBuffer packet) {
                return true;
            }
        };
    }

    @Override
    public Map<String, Object> status() {
        return Map.of("encode", encode, "coders", coders.sum());
    }
}
