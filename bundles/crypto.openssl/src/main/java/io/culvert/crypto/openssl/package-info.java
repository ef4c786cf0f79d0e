/**
 * Data-channel ciphers by libcrypto. Calls go straight to the library; the keys live in its contexts.
 */
@NullMarked
package io.culvert.crypto.openssl;

import org.jspecify.annotations.NullMarked;
