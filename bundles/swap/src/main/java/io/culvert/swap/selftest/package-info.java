/** Proofs that a new version of a module works, tried before anybody depends on it. */
@NullMarked
package io.culvert.swap.selftest;

import org.jspecify.annotations.NullMarked;
