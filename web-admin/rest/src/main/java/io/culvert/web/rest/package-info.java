/** The console's server as a module: settings in, services found, server started and stopped. */
@NullMarked
package io.culvert.web.rest;

import org.jspecify.annotations.NullMarked;
