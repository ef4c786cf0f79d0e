/**
 * What every configured module says about bad settings.
 */
@Export
@Version("1.1.0")
@NullMarked
package io.culvert.api.config;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
