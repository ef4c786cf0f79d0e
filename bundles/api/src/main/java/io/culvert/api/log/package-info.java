/**
 * The kind <em>log sink</em>: where log entries end. With no sink installed nothing is formatted.
 */
@Export
@Version("1.1.0")
@NullMarked
package io.culvert.api.log;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
