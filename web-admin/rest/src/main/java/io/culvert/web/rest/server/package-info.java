/** HTTP: connectors, the way of a request to its endpoint, and the way of the answer back. */
@NullMarked
package io.culvert.web.rest.server;

import org.jspecify.annotations.NullMarked;
