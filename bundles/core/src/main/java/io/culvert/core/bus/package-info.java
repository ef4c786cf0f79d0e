/**
 * The packet bus: loops, sessions, and the way of a packet between a link, its session and the TUN.
 */
@NullMarked
package io.culvert.core.bus;

import org.jspecify.annotations.NullMarked;
