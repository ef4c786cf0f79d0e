/**
 * Commands that bundles contribute to the control socket, and so to the command line.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.culvert.api.command;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
