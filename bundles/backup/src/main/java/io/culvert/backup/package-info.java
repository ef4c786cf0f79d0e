/** Backups: what is in them, where they are kept, when they are made. */
@NullMarked
package io.culvert.backup;

import org.jspecify.annotations.NullMarked;
