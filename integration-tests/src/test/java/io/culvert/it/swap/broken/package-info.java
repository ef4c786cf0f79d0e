/** Activators that make a good module a bad one. They see nothing but the framework and the JDK. */
package io.culvert.it.swap.broken;
