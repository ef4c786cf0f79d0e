/** One-time codes as a second factor. */
@NullMarked
package io.culvert.auth.totp;

import org.jspecify.annotations.NullMarked;
