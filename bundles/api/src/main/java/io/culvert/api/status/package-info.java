/**
 * Snapshots of the running system for the command line and the console, and the handle that ends sessions.
 */
@Export
@Version("1.1.0")
@NullMarked
package io.culvert.api.status;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
