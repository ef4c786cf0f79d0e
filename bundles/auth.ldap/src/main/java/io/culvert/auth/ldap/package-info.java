/** Users in an LDAP directory. */
@NullMarked
package io.culvert.auth.ldap;

import org.jspecify.annotations.NullMarked;
