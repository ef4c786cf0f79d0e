/** Users of a RADIUS server. */
@NullMarked
package io.culvert.auth.radius;

import org.jspecify.annotations.NullMarked;
