/**
 * The TUN device: where clear packets meet the kernel, and the addresses and routes that lead to it.
 */
@NullMarked
package io.culvert.core.tun;

import org.jspecify.annotations.NullMarked;
