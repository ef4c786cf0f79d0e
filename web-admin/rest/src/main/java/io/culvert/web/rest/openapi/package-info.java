/** The API's description, made from the endpoints that answer. */
@NullMarked
package io.culvert.web.rest.openapi;

import org.jspecify.annotations.NullMarked;
