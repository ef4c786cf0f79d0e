/**
 * The kind <em>TLS provider</em>: TLS over memory, for control channels.
 *
 * <p>Threads: an engine is used by one thread at a time, never by a packet loop.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.culvert.api.tls;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
