/** The log sink for databases. */
@NullMarked
package io.culvert.log.jdbc;

import org.jspecify.annotations.NullMarked;
