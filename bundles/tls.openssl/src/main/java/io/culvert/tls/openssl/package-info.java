/**
 * TLS by the system's OpenSSL, over memory.
 */
@NullMarked
package io.culvert.tls.openssl;

import org.jspecify.annotations.NullMarked;
