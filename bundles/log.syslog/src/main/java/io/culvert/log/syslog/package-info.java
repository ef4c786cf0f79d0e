/** The log sink for syslog receivers. */
@NullMarked
package io.culvert.log.syslog;

import org.jspecify.annotations.NullMarked;
