/** Ways to a far end that takes log entries. */
@NullMarked
package io.culvert.log.support.link;

import org.jspecify.annotations.NullMarked;
