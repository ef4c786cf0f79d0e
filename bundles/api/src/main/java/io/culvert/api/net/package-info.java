/**
 * The kind <em>network protocol</em>: what the tunnels carry. Those that carry packets have one for each ether type;
 * without one, no packet of its type passes, and no peer is given an address of it. Those that carry Ethernet frames
 * have a bridge.
 *
 * <p>Threads: the packet loops, several at once; an implementation has no state beside its bridges.
 */
@Export
@Version("1.1.0")
@NullMarked
package io.culvert.api.net;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
