/** The stream of events: what pages show without asking again and again. */
@NullMarked
package io.culvert.web.rest.events;

import org.jspecify.annotations.NullMarked;
