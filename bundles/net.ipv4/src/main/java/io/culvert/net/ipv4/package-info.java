/** IPv4 inside the tunnels. */
@NullMarked
package io.culvert.net.ipv4;

import org.jspecify.annotations.NullMarked;
