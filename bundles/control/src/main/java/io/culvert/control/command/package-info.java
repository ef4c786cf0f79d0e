/** The commands that this bundle answers. */
@NullMarked
package io.culvert.control.command;

import org.jspecify.annotations.NullMarked;
