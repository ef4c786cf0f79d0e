/** Modules are changed by command while a stock client's traffic flows. */
package io.culvert.it.swap;
