/**
 * What lasts of the modules and their changes, below {@code var/modules/}. Plain Java.
 *
 * <p>{@code state.json} alone decides which jar of a module runs after a restart; the launcher and control read it too. It
 * is replaced as a whole, by one rename: that is the moment in which a change comes true. Until then a process that ends
 * comes back with the old module, afterwards with the new one, whatever the change's own file says. So the order of
 * writes of a change is: its file, the jar, its file again at each step, {@code state.json}, its file for the last time.
 */
@NullMarked
package io.culvert.swap.state;

import org.jspecify.annotations.NullMarked;
