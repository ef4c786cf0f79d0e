package io.culvert.pki;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.config.ConfigException;
import io.culvert.api.pki.CertificateAuthority.Issued;
import io.culvert.api.pki.PkiException;
import io.culvert.api.store.Store;
import io.culvert.api.store.Store.Op;
import io.culvert.pki.MemoryStore.Fault;
import java.security.SecureRandom;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FaultTest {
    private final MemoryStore store = new MemoryStore();
    private final VirtualClock clock = new VirtualClock();

    private Authority open() throws PkiException {
        return Authority.open(store, AuthorityTest.config(3650, 397, 825, 30), clock, new SecureRandom());
    }

    @ParameterizedTest
    @EnumSource(names = {"DONE_BUT_UNKNOWN", "LOST_AND_UNKNOWN"})
    void shouldFindOutWhatHappenedWhenTheStoreCannotTell(Fault fault) throws Exception {
        store.faults.add(fault);
        Authority authority = open();
        assertEquals(authority.authorities(), open().authorities());

        store.faults.add(fault);
        Issued issued = authority.issue("alice");
        assertEquals(List.of(issued.profile()), open().profiles("alice"));

        store.faults.add(fault);
        assertEquals(List.of(issued.profile()), authority.revoke("alice", "lost"));
        assertEquals(1, open().revoked("alice"));
    }

    @Test
    void shouldNotClaimWhatIsNotDurable() throws Exception {
        Authority authority = open();
        store.faults.add(Fault.FAILS);
        assertTrue(assertThrows(PkiException.class, () -> authority.issue("alice")).getMessage().contains("disk full"));
        assertEquals(List.of(), authority.profiles("alice"));

        Issued issued = authority.issue("alice");
        store.faults.add(Fault.FAILS);
        assertThrows(PkiException.class, () -> authority.revoke("alice", "lost"));
        assertEquals(List.of(issued.profile()), authority.profiles("alice"));

        store.faults.addAll(Collections.nCopies(Records.ATTEMPTS, Fault.LOST_AND_UNKNOWN));
        assertTrue(assertThrows(PkiException.class, () -> authority.revoke("alice", "lost"))
                .getMessage().contains("attempts"));
    }

    @Test
    void shouldKeepRefusingWhenTheListCannotBeWritten() throws Exception {
        Authority authority = open();
        Issued issued = authority.issue("alice");
        store.faults.addAll(List.of(Fault.NONE, Fault.FAILS, Fault.FAILS));
        assertEquals(List.of(issued.profile()), authority.revoke("alice", "lost"));
        assertTrue(String.valueOf(authority.status().get("problem")).contains("disk full"));
        assertThrows(PkiException.class, authority::crl);
        assertTrue(authority.refusal(issued.identity().chain().getFirst(), clock.instant()).isPresent());
        assertEquals(1, authority.crl().getRevokedCertificates().size());
    }

    @Test
    void shouldNotReplaceAnAuthorityThatCannotBeRead() throws Exception {
        List<java.security.cert.X509Certificate> before = open().authorities();
        store.unreadable = "pki/authority";
        assertTrue(assertThrows(PkiException.class, this::open).getMessage().contains("pki/authority"));
        store.unreadable = null;
        assertEquals(before, open().authorities());
    }

    @Test
    void shouldNameADamagedRecordAndTheRemedy() throws Exception {
        open().issue("alice");
        String key = store.list("pki/profile/").getFirst().key();
        for (byte[] damaged : List.of(new byte[0], new byte[] {1, 3, 0, 0, 0, 9}, Fields.encode(Fields.text("alice")),
                Fields.encode(Fields.text("alice"), new byte[3], new byte[3]))) {
            store.txn(List.of(), List.of(new Op.Put(key, damaged)));
            String message = assertThrows(PkiException.class, this::open).getMessage();
            assertTrue(message.contains(key) && message.contains("backup"), message);
        }
        store.txn(List.of(), List.of(new Op.Put(key, new byte[] {9, 0})));
        assertTrue(assertThrows(PkiException.class, this::open).getMessage().contains("version 9"));
    }

    @Test
    void shouldNotPutKeysIntoTexts() throws Exception {
        open().issue("alice");
        for (Store.Entry entry : store.list("")) {
            assertTrue(entry.toString().contains("redacted"));
        }
    }

    @Test
    void shouldRefuseSettingsThatCannotWork() {
        assertSetting("keyType", () -> PkiConfig.of("rsa-512", "CA", "vpn", 3650, 90, 90, 30));
        assertSetting("authorityName", () -> PkiConfig.of("ec-p256", "", "vpn", 3650, 90, 90, 30));
        assertSetting("serverName", () -> PkiConfig.of("ec-p256", "CA", "a b", 3650, 90, 90, 30));
        assertSetting("authorityDays", () -> PkiConfig.of("ec-p256", "CA", "vpn", 1, 90, 90, 30));
        assertSetting("serverDays", () -> PkiConfig.of("ec-p256", "CA", "vpn", 100, 51, 50, 30));
        assertSetting("clientDays", () -> PkiConfig.of("ec-p256", "CA", "vpn", 100, 50, 0, 30));
        assertSetting("crlDays", () -> PkiConfig.of("ec-p256", "CA", "vpn", 100, 50, 50, 366));
    }

    private static void assertSetting(String attribute, org.junit.jupiter.api.function.Executable make) {
        assertEquals(attribute, assertThrows(ConfigException.class, make).attribute());
    }
}
