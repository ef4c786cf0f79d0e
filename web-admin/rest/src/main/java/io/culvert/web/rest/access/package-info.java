/** Who may call: administrators, their proofs and sessions, tokens, and users of the VPN on what is theirs. */
@NullMarked
package io.culvert.web.rest.access;

import org.jspecify.annotations.NullMarked;
