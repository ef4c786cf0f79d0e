/**
 * Modules come and go: what they import, what they leave behind, and what the traffic notices.
 *
 * <p>The appliance runs in a JVM of its own, in the framework that the launcher starts, with {@link
 * io.culvert.it.hotplug.HotPlugMain} in the launcher's place: it does to a bundle what a line of input says.
 */
package io.culvert.it.hotplug;
