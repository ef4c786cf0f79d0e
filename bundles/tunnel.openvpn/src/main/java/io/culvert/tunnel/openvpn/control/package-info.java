/**
 * The control channel: reliability, TLS, the key exchange, login and push.
 */
@NullMarked
package io.culvert.tunnel.openvpn.control;

import org.jspecify.annotations.NullMarked;
