/** Makes the documentation site. */
@NullMarked
package io.culvert.docs;

import org.jspecify.annotations.NullMarked;
