/** What log sinks share; copied into the jar of each. */
@NullMarked
package io.culvert.log.support;

import org.jspecify.annotations.NullMarked;
