/** Login in the browser, at an OpenID Connect provider. */
@NullMarked
package io.culvert.auth.oidc;

import org.jspecify.annotations.NullMarked;
