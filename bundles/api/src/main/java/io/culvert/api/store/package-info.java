/**
 * The kind <em>store</em>: small durable records, changed in transactions.
 *
 * <p>Threads: any but a packet loop; reads block, transactions complete when they are durable.
 */
@Export
@Version("1.0.0")
@NullMarked
package io.culvert.api.store;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
