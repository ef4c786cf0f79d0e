package io.culvert.log.hub;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.config.ConfigException;
import org.junit.jupiter.api.Test;

class FrameworkLogTest {
    @Test
    void shouldLeaveARefusedSettingToTheOneWhoIsToldAnyway() {
        var refused = new ConfigException("io.culvert.core", "mtu", 9, "must be from 576");
        assertTrue(FrameworkLog.told("activation failed", new IllegalStateException(refused)));
        assertTrue(FrameworkLog.told("bundle x : Could not get service from ref [y]", null));
        assertFalse(FrameworkLog.told("activation failed", new IllegalStateException("disk full")));
        assertFalse(FrameworkLog.told("circular reference", null));
    }
}
