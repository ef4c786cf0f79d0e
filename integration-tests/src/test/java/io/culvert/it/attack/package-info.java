/** What strangers do to the appliance. */
package io.culvert.it.attack;
