package io.culvert.codec.lz4;

import io.culvert.api.codec.PayloadCodec;
import org.osgi.service.component.annotations.Component;

/** LZ4 blocks, one for each packet. */
@Component
public final class Lz4Codec implements PayloadCodec {
    @Override
    public String name() {
        return "lz4";
    }

    @Override
    public Coder newCoder() {
        return new Lz4Coder();
    }
}
