package io.culvert.crypto.ipsecmb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.api.crypto.CipherProvider;
import io.culvert.api.crypto.DataCipher;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;

class IpsecMbComponentTest {
    private final List<Set<DataCipher>> offered = new ArrayList<>();
    private int withdrawn;

    private final ServiceRegistration<?> registration = proxy(ServiceRegistration.class, "unregister", _ -> {
        withdrawn++;
        return null;
    });
    private final BundleContext bundles = proxy(BundleContext.class, "registerService", arguments -> {
        offered.add(((CipherProvider) arguments[1]).ciphers());
        return registration;
    });

    @Test
    void shouldOfferNothingWithoutALibrary() {
        var component = new IpsecMbComponent(bundles, Optional.empty());
        component.deactivate();
        assertEquals(List.of(), offered);
        assertEquals(0, withdrawn);
    }

    @Test
    void shouldAdviseToInstallTheLibraryOnlyWhereItMayBeUsed(@TempDir Path proc) throws Exception {
        Path mode = proc.resolve("fips_enabled");
        assertFalse(IpsecMbCipherProvider.demandsValidated(mode), "a kernel without such a mode");
        assertTrue(IpsecMbCipherProvider.demandsValidated(proc), "what cannot be read");
        Files.writeString(mode, "0\n");
        assertFalse(IpsecMbCipherProvider.demandsValidated(mode));
        Files.writeString(mode, "1\n");
        assertTrue(IpsecMbCipherProvider.demandsValidated(mode));
        assertTrue(IpsecMbComponent.whyNone(false).contains("libipsec-mb1"));
        String reason = IpsecMbComponent.whyNone(true);
        assertTrue(reason.contains("FIPS 140") && !reason.contains("libipsec-mb1"), reason);
    }

    @Test
    void shouldLeaveOutACipherAboutWhichTheJdkDoesNotAgree() {
        LibIpsecMb library = library();
        var provider = new IpsecMbCipherProvider(library, (_, cipher) -> cipher != DataCipher.AES_192_GCM);
        assertEquals(Set.of(DataCipher.AES_192_GCM), provider.disputed());
        var component = new IpsecMbComponent(bundles, Optional.of(provider));
        assertEquals(List.of(Set.of(DataCipher.AES_128_GCM, DataCipher.AES_256_GCM)), offered);
        assertTrue(library.loaded());
        component.deactivate();
        assertEquals(1, withdrawn);
        assertFalse(library.loaded());
    }

    @Test
    void shouldUnloadALibraryWithoutAnyCipherAboutWhichTheJdkAgrees() {
        LibIpsecMb library = library();
        var provider = new IpsecMbCipherProvider(library, (_, _) -> false);
        var component = new IpsecMbComponent(bundles, Optional.of(provider));
        assertEquals(List.of(), offered);
        assertFalse(library.loaded());
        component.deactivate();
        assertEquals(0, withdrawn);
    }

    private static LibIpsecMb library() {
        Optional<LibIpsecMb> library = LibIpsecMb.load();
        assumeTrue(library.isPresent(), "libipsec-mb1 is not installed, or this processor is not of its kind");
        return library.orElseThrow();
    }

    private interface Answer {
        Object to(Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, String method, Answer answer) {
        var types = new Class<?>[] {type};
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), types, (_, called, arguments) -> {
            assertEquals(method, called.getName());
            return answer.to(arguments);
        }));
    }
}
