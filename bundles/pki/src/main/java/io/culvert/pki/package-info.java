/** The appliance's own certificate authority. */
@NullMarked
package io.culvert.pki;

import org.jspecify.annotations.NullMarked;
