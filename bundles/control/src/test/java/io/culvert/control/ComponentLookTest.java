package io.culvert.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ComponentLookTest {
    @Test
    void shouldFindTheTellingLineOfATrace() {
        assertEquals(
                "mtu = 9: must be from 576",
                ComponentLook.reason("""
                        java.lang.reflect.InvocationTargetException
                        \tat x.Y.z(Y.java:1)
                        Caused by: io.culvert.api.config.ConfigException: io.culvert.core: mtu = 9: must be from 576
                        \tat x.Y.z(Y.java:2)
                        Caused by: java.lang.NumberFormatException: 9
                        """));
        assertEquals(
                "IOException: disk full",
                ComponentLook.reason("""
                        java.lang.IllegalStateException: odd
                        \tat x.Y.z(Y.java:1)
                        Caused by: java.io.IOException: disk full
                        """));
        assertEquals("IllegalStateException: odd", ComponentLook.reason("java.lang.IllegalStateException: odd\n\tat x"));
        assertEquals("did not start; the log has the details", ComponentLook.reason(null));
    }
}
