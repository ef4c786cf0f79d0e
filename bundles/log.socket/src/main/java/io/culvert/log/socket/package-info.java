/** The log sink for receivers of JSON. */
@NullMarked
package io.culvert.log.socket;

import org.jspecify.annotations.NullMarked;
