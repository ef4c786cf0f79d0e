/** Ethernet inside the tunnels. */
@NullMarked
package io.culvert.net.ethernet;

import org.jspecify.annotations.NullMarked;
