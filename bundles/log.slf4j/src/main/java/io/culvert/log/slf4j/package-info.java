/** From SLF4J's loggers to the one {@link io.culvert.log.slf4j.LogTarget}, set by the log hub. */
@Version("1.0.0")
@NullMarked
package io.culvert.log.slf4j;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.versioning.Version;
