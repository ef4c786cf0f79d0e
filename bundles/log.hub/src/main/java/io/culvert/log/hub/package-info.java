/** Between loggers and sinks. {@code HubComponent} sees OSGi; the rest is plain Java. */
@NullMarked
package io.culvert.log.hub;

import org.jspecify.annotations.NullMarked;
