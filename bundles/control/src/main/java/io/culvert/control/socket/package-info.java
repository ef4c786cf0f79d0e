/** The control socket: JSON lines over a Unix domain socket. */
@NullMarked
package io.culvert.control.socket;

import org.jspecify.annotations.NullMarked;
