/** Who signed a jar, and whether the signature holds: for the launcher at the start and the module that changes modules. */
@NullMarked
package io.culvert.signing.verify;

import org.jspecify.annotations.NullMarked;
