/** The payload codec {@code lz4}. */
@NullMarked
package io.culvert.codec.lz4;

import org.jspecify.annotations.NullMarked;
