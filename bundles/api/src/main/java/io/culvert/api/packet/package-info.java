/**
 * What moves along the packet path: buffers, where they leave, and why they are dropped.
 *
 * <p>Threads: everything here is touched only by the packet loop that owns the buffer.
 */
@Export
@Version("1.1.0")
@NullMarked
package io.culvert.api.packet;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
