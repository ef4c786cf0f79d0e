/** The certificate that the console shows: where it comes from, what is imported, and who issues the next one. */
@NullMarked
package io.culvert.web.rest.certificate;

import org.jspecify.annotations.NullMarked;
