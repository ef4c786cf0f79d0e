/**
 * The kind <em>authenticator</em>: who may come in.
 *
 * <p>Threads: threads of core; every method may block. Every failure refuses.
 */
@Export
@Version("1.1.0")
@NullMarked
package io.culvert.api.auth;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
