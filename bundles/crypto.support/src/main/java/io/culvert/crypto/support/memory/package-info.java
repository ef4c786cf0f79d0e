/**
 * What keys of native libraries have in common; each provider's bundle has a copy, so that its calls stay its own.
 */
@NullMarked
package io.culvert.crypto.support.memory;

import org.jspecify.annotations.NullMarked;
