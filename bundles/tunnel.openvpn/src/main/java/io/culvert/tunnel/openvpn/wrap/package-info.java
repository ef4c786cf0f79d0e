/**
 * What protects control packets: nothing, tls-auth, tls-crypt or tls-crypt-v2, with their keys and replay ids.
 */
@NullMarked
package io.culvert.tunnel.openvpn.wrap;

import org.jspecify.annotations.NullMarked;
