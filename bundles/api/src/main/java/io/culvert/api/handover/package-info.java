/**
 * Sessions as data: the record that lets new code, a restarted process or another node carry a session on.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.culvert.api.handover;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
