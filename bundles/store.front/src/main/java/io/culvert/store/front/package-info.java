/** The store that modules see, whichever store module is in force, and while none is. */
@NullMarked
package io.culvert.store.front;

import org.jspecify.annotations.NullMarked;
