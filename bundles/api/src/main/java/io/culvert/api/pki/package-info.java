/**
 * Certificates: the appliance's own authority, what it has issued, and what it has revoked.
 */
@Export
@Version("1.2.0")
@NullMarked
package io.culvert.api.pki;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
