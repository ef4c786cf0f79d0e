/** Whose modules may run here. */
@NullMarked
package io.culvert.swap.trust;

import org.jspecify.annotations.NullMarked;
