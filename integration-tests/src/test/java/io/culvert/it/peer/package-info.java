/**
 * A load peer: OpenVPN in the client's role, made to keep a server busy rather than to serve a user. It logs in one
 * session or thousands, and carries traffic in batches.
 *
 * <p>It runs as a process of its own, {@link io.culvert.it.peer.LoadPeer}, so that what it costs is not counted as the
 * server's.
 */
package io.culvert.it.peer;
