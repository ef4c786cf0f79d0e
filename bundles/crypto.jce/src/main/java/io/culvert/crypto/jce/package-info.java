/**
 * Data-channel ciphers by the JDK's own provider.
 */
@NullMarked
package io.culvert.crypto.jce;

import org.jspecify.annotations.NullMarked;
