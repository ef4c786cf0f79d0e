/** Users and passwords in a database. */
@NullMarked
package io.culvert.auth.jdbc;

import org.jspecify.annotations.NullMarked;
