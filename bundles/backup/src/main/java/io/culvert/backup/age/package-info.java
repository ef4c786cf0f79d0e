/** Files that a passphrase opens, in the age format (C2SP age.md, version 1). */
@NullMarked
package io.culvert.backup.age;

import org.jspecify.annotations.NullMarked;
