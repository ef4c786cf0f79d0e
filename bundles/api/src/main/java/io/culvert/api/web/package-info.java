/**
 * The kinds <em>endpoint</em> and <em>content</em>: what a bundle adds to the appliance's web server. Services come and
 * go with their bundles while the server runs.
 *
 * <p>Threads: virtual threads, several at once; may block.
 */
@Export
@Version("1.1.0")
@NullMarked
package io.culvert.api.web;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
