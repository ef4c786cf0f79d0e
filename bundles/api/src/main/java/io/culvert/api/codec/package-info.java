/**
 * The kind <em>payload codec</em>: what packets become before they are sealed. Negotiated for each session, and refused
 * unless a listener allows it: what is compressed before it is encrypted tells of its content by its length (VORACLE).
 *
 * <p>Threads: a coder belongs to one packet loop. Packets are coded each by itself, so that a codec can be exchanged
 * between two of them.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.culvert.api.codec;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
