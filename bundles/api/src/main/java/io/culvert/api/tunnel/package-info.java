/**
 * The kind <em>tunnel protocol</em>: a protocol claims listeners, accepts sessions and runs them.
 *
 * <p>A protocol bundle has no socket, no clock and no thread. Core calls it on a packet loop and passes the
 * time in; whatever may block leaves the loop through {@link io.culvert.api.tunnel.SessionHost#offload}.
 */
@Export
@Version("1.6.0")
@NullMarked
package io.culvert.api.tunnel;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
