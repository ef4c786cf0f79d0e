package io.culvert.web.rest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ConsoleIdentityTest {
    @Test
    void shouldSayWhereTheRevocationListIs() {
        assertEquals("https://vpn.example.org/authority.crl", ConsoleIdentity.listAt("vpn.example.org", 443));
        assertEquals("https://[2001:db8::1]:8443/authority.crl", ConsoleIdentity.listAt("2001:db8::1", 8443));
    }
}
