/** Stock clients against the appliance, each scenario in hosts of its own. */
package io.culvert.it.interop;
