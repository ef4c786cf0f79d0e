/** The archive and the Debian package, as a user installs them. */
package io.culvert.it.distribution;
