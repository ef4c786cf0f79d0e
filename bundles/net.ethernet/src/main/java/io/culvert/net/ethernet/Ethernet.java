package io.culvert.net.ethernet;

import io.culvert.api.net.FrameBridge;
import io.culvert.api.net.FrameProtocol;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.metatype.annotations.Designate;

/** Ethernet, bridged as IEEE 802.1D-2004 says. */
@Component(configurationPid = "io.culvert.net.ethernet")
@Designate(ocd = EthernetSettings.class)
public final class Ethernet implements FrameProtocol {
    private final EthernetConfig config;

    @Activate
    public Ethernet(EthernetSettings settings) {
        this.config = EthernetConfig.of(settings);
    }

    @Override
    public String name() {
        return "ethernet";
    }

    @Override
    public FrameBridge newBridge() {
        return new LearningBridge(config);
    }
}
