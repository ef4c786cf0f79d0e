/**
 * The kernel through the C library: one interface whose methods carry the man-page names.
 */
@NullMarked
package io.culvert.core.libc;

import org.jspecify.annotations.NullMarked;
