/**
 * The data channel: keys, packet-ids and their reservations, sealing and opening in place.
 */
@NullMarked
package io.culvert.tunnel.openvpn.data;

import org.jspecify.annotations.NullMarked;
