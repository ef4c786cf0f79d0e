/**
 * Who may come in, and with which addresses: the chain of authenticators, the access checks and the address pool.
 */
@NullMarked
package io.culvert.core.admission;

import org.jspecify.annotations.NullMarked;
