/**
 * Where core meets the framework: settings in, services in and out. Nothing below this package knows OSGi.
 */
@NullMarked
package io.culvert.core.plug;

import org.jspecify.annotations.NullMarked;
