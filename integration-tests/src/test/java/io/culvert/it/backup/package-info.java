/** Backups that become appliances. */
package io.culvert.it.backup;
