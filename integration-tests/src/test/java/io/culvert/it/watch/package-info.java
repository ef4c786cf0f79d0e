/** What monitoring and load balancers see. */
package io.culvert.it.watch;
