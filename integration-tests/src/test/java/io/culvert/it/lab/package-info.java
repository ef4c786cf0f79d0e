/**
 * Hosts for tests: network namespaces joined by veth pairs, the appliance and stock clients in them.
 *
 * <p>Everything a lab makes is named {@code cv<pid>-...} and is gone when the lab closes. Nothing sleeps: waiting is for
 * a line of output or the end of a process, with a deadline.
 */
package io.culvert.it.lab;
