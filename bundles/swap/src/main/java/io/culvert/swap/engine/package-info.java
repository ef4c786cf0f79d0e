/** Carries changes out: stage, switch, watch, keep or roll back. */
@NullMarked
package io.culvert.swap.engine;

import org.jspecify.annotations.NullMarked;
