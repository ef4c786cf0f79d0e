/**
 * Headers of inner packets read and written in place, checksums, and the replay window that several tunnel protocols
 * share. Nothing here keeps state but {@link io.culvert.wire.ReplayWindow}.
 *
 * <p>Threads: the caller's; no method blocks or allocates. Errors: check once with {@code fits}, then read freely.
 */
@Export
@Version("1.2.0")
@NullMarked
package io.culvert.wire;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
