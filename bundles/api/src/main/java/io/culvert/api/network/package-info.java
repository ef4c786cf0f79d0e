/**
 * The network inside the tunnels: addresses, routes and name servers that sessions are given.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.culvert.api.network;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
