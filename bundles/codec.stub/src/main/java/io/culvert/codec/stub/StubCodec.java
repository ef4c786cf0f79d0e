package io.culvert.codec.stub;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.packet.PacketBuffer;
import org.osgi.service.component.annotations.Component;

/** Compresses nothing. Its presence lets a tunnel frame packets for clients that insist on a framing. */
@Component
public final class StubCodec implements PayloadCodec {
    private static final Coder NOTHING = new Coder() {
        @Override
        public boolean encode(PacketBuffer packet, int gain) {
            return false;
        }

        @Override
        public boolean decode(PacketBuffer packet) {
            return false;
        }
    };

    @Override
    public String name() {
        return "stub";
    }

    @Override
    public Coder newCoder() {
        return NOTHING;
    }
}
