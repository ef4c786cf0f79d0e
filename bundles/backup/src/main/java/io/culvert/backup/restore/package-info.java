/** Makes a home directory of a backup. Used by the launcher, while no appliance runs. */
@NullMarked
package io.culvert.backup.restore;

import org.jspecify.annotations.NullMarked;
