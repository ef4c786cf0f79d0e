package io.culvert.log.support.link;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Closes what is of no use any more, whatever it says. */
final class Quietly {
    private Quietly() {}

    static void close(@Nullable Closeable closeable) {
        if (closeable != null) {
            try {
                closeable.close();
            } catch (IOException e) {
                // Its far end learns of the end by other means.
            }
        }
    }
}
