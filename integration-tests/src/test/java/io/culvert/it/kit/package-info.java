/** What authors of modules get, and what keeps others' modules out. */
package io.culvert.it.kit;
