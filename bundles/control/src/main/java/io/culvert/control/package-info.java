/** The components: what sees OSGi. Below it everything is plain Java. */
@NullMarked
package io.culvert.control;

import org.jspecify.annotations.NullMarked;
