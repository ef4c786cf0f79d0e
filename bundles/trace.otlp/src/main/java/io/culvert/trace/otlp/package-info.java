/** Traces for an OpenTelemetry collector. */
@NullMarked
package io.culvert.trace.otlp;

import org.jspecify.annotations.NullMarked;
