/** Metrics for Prometheus, health for load balancers. */
@NullMarked
package io.culvert.web.watch;

import org.jspecify.annotations.NullMarked;
