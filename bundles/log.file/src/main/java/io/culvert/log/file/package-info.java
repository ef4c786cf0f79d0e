/** The log sink for files. */
@NullMarked
package io.culvert.log.file;

import org.jspecify.annotations.NullMarked;
