/**
 * Data-channel ciphers by Bouncy Castle's lightweight API: nothing is registered with the JDK.
 */
@NullMarked
package io.culvert.crypto.bouncycastle;

import org.jspecify.annotations.NullMarked;
