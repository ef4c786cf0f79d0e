/** The settings: YAML, Metatype, overlay and history. */
@NullMarked
package io.culvert.control.config;

import org.jspecify.annotations.NullMarked;
