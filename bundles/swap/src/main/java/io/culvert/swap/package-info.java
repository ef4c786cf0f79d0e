/** Changes modules while traffic flows. */
@NullMarked
package io.culvert.swap;

import org.jspecify.annotations.NullMarked;
