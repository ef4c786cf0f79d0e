/**
 * Sockets that carry the outer datagrams.
 */
@NullMarked
package io.culvert.core.link;

import org.jspecify.annotations.NullMarked;
