package io.culvert.api.net;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * What joins the tunnels that carry Ethernet frames, and the appliance's TAP, to one network. Without one, no frame
 * passes, and no peer of such a tunnel is let in.
 *
 * <p>Threads: any; no method blocks.
 */
@ConsumerType
public interface FrameProtocol {
    /** The protocol's name for logs and status: {@code ethernet}. */
    String name();

    /** A bridge that knows nothing yet. Called whenever this protocol comes into force. */
    FrameBridge newBridge();
}
