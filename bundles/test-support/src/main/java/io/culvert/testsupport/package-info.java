/**
 * Fakes that the tests of several bundles share. Never shipped.
 */
@NullMarked
package io.culvert.testsupport;

import org.jspecify.annotations.NullMarked;
