/**
 * What the appliance needs of its host and changes on it: checks before the start, forwarding and masquerading while it
 * runs, and everything as it was afterwards. Plain Java, also called without a framework.
 */
@NullMarked
package io.culvert.core.host;

import org.jspecify.annotations.NullMarked;
