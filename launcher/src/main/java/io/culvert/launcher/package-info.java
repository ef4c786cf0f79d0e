/** Starts the container, and the command line that talks to it. Plain Java; sees OSGi only in {@code Container}. */
@NullMarked
package io.culvert.launcher;

import org.jspecify.annotations.NullMarked;
