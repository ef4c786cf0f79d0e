/** Users and passwords in a file. */
@NullMarked
package io.culvert.auth.file;

import org.jspecify.annotations.NullMarked;
