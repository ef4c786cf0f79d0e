/**
 * The packet loop's memory: native buffers that are allocated once, handed around and counted.
 */
@NullMarked
package io.culvert.core.buffer;

import org.jspecify.annotations.NullMarked;
