/** Where modules come from that are not installed yet. */
@NullMarked
package io.culvert.swap.repository;

import org.jspecify.annotations.NullMarked;
