/**
 * TLS by Bouncy Castle's lightweight API, over memory: nothing is registered with the JDK.
 */
@NullMarked
package io.culvert.tls.bouncycastle;

import org.jspecify.annotations.NullMarked;
