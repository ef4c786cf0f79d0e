/**
 * Session records in the store: their bytes, and the one writer that keeps them durable.
 */
@NullMarked
package io.culvert.core.handover;

import org.jspecify.annotations.NullMarked;
