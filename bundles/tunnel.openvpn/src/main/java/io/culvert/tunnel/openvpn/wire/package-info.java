/**
 * The messages of the OpenVPN 2 protocol as records: a {@code parse} that rejects nonsense, an {@code encode} that
 * cannot produce it. Numbers are big-endian.
 */
@NullMarked
package io.culvert.tunnel.openvpn.wire;

import org.jspecify.annotations.NullMarked;
