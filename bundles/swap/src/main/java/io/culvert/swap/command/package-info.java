/** The commands about modules. */
@NullMarked
package io.culvert.swap.command;

import org.jspecify.annotations.NullMarked;
