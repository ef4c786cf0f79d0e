/** The log sink for the terminal. */
@NullMarked
package io.culvert.log.console;

import org.jspecify.annotations.NullMarked;
