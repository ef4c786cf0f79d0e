/**
 * OpenVPN 2.x as a server: sessions, their hand-over, and profiles for their clients.
 */
@NullMarked
package io.culvert.tunnel.openvpn;

import org.jspecify.annotations.NullMarked;
