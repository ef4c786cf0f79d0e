/**
 * The kind <em>data-channel crypto</em>: AEAD over packet buffers, in place.
 *
 * <p>Threads: a key is confined to the packet loop that opened it.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.culvert.api.crypto;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
