/** The payload codec {@code stub}. */
@NullMarked
package io.culvert.codec.stub;

import org.jspecify.annotations.NullMarked;
