/** The embedded store on SQLite. */
@NullMarked
package io.culvert.store.local;

import org.jspecify.annotations.NullMarked;
