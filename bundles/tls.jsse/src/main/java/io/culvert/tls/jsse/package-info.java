/**
 * TLS by the JDK, over memory.
 */
@NullMarked
package io.culvert.tls.jsse;

import org.jspecify.annotations.NullMarked;
