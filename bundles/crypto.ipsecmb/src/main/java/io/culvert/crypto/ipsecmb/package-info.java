/**
 * AES-GCM by Intel's Multi-Buffer Crypto library for IPsec. Calls go straight to the library; the keys live in memory of
 * the C library's.
 */
@NullMarked
package io.culvert.crypto.ipsecmb;

import org.jspecify.annotations.NullMarked;
