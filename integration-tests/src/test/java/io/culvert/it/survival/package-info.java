/** Sessions that outlive the process that made them. */
package io.culvert.it.survival;
