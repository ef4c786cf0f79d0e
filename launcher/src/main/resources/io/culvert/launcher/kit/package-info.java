/** The module {@code @id@}. */
@NullMarked
package @package@;

import org.jspecify.annotations.NullMarked;
