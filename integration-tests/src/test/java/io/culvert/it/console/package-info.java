/** The web console in a browser: its pages before a backend that answers by example, and the whole thing on an appliance. */
package io.culvert.it.console;
