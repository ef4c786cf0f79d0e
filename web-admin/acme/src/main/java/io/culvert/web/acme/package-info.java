/** Gets the console's certificate by ACME (RFC 8555). */
@NullMarked
package io.culvert.web.acme;

import org.jspecify.annotations.NullMarked;
