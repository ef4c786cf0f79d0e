package io.culvert.core.bus;

import io.culvert.api.codec.PayloadCodec;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A loop's coders of the payload codecs in force. */
final class Codecs {
    private static final Logger LOG = LoggerFactory.getLogger(Codecs.class);

    private String[] names = {};
    private PayloadCodec.Coder[] coders = {};

    /** Others from now on; of two of one name the first one counts. */
    void inForce(List<PayloadCodec> codecs) {
        var names = new String[codecs.size()];
        var coders = new PayloadCodec.Coder[codecs.size()];
        int count = 0;
        for (PayloadCodec codec : codecs) {
            try {
                names[count] = codec.name();
                coders[count] = codec.newCoder();
                count++;
            } catch (RuntimeException | LinkageError e) {
                LOG.error("codec: {} makes no coder, and is left out", codec.getClass().getName(), e);
            }
        }
        this.names = Arrays.copyOf(names, count);
        this.coders = Arrays.copyOf(coders, count);
    }

    PayloadCodec.@Nullable Coder named(String name) {
        for (int i = 0; i < names.length; i++) {
            if (names[i].equals(name)) {
                return coders[i];
            }
        }
        return null;
    }
}
