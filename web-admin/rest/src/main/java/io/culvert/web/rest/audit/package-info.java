/** The record of who changed what. */
@NullMarked
package io.culvert.web.rest.audit;

import org.jspecify.annotations.NullMarked;
