/** Keys that sign modules, and what they sign. */
@NullMarked
package io.culvert.signing;

import org.jspecify.annotations.NullMarked;
