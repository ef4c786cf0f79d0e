/** The users of the host, by PAM. */
@NullMarked
package io.culvert.auth.pam;

import org.jspecify.annotations.NullMarked;
