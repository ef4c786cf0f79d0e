/** What the API answers about the appliance: one class for each resource, its records the shapes of JSON. */
@NullMarked
package io.culvert.web.rest.resource;

import org.jspecify.annotations.NullMarked;
