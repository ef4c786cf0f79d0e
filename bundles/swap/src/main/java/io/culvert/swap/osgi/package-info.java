/** Modules as bundles: which there are, what they are wired to, how their components do. */
@NullMarked
package io.culvert.swap.osgi;

import org.jspecify.annotations.NullMarked;
