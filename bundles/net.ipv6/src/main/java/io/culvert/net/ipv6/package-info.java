/** IPv6 inside the tunnels. */
@NullMarked
package io.culvert.net.ipv6;

import org.jspecify.annotations.NullMarked;
