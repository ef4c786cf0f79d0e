/** Benchmarks that print a table; never part of the test run. One class each, started by {@code integration-tests/bench}. */
package io.culvert.it.perf;
