/** A bundle that leaves behind everything that a bundle can. */
package io.culvert.it.hotplug.leaky;
