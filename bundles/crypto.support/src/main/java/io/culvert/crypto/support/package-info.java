/**
 * What core and the engine that changes modules try ciphers with; each has a copy in its bundle.
 */
@NullMarked
package io.culvert.crypto.support;

import org.jspecify.annotations.NullMarked;
