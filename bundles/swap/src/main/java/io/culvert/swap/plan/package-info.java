/** What a change would do, found out without doing it. */
@NullMarked
package io.culvert.swap.plan;

import org.jspecify.annotations.NullMarked;
