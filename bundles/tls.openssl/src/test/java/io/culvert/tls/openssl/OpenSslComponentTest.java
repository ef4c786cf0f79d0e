package io.culvert.tls.openssl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.tls.TlsEngine;
import io.culvert.api.tls.TlsException;
import io.culvert.api.tls.TlsPolicy;
import io.culvert.api.tls.TlsPolicy.PeerCertificate;
import io.culvert.api.tls.TlsPolicy.Version;
import io.culvert.api.tls.TlsProvider;
import io.culvert.testsupport.TestAuthority;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;

class OpenSslComponentTest {
    private final List<Object> offered = new ArrayList<>();
    private int withdrawn;

    private final ServiceRegistration<?> registration = proxy(ServiceRegistration.class, "unregister", _ -> {
        withdrawn++;
        return null;
    });
    private final BundleContext bundles = proxy(BundleContext.class, "registerService", arguments -> {
        offered.add(arguments[1]);
        assertEquals(100, ((Dictionary<?, ?>) arguments[2]).get(Constants.SERVICE_RANKING));
        return registration;
    });

    @Test
    void shouldRunWithoutAServiceWhereTheLibraryIsMissing() {
        var component = new OpenSslComponent(bundles, () -> {
            throw new UnsatisfiedLinkError("libssl.so.3 is not on this host: apt install libssl3");
        });
        assertEquals(List.of(), offered);
        component.deactivate();
        assertEquals(0, withdrawn);
    }

    @Test
    void shouldLetEnginesGoOnWhenTheModuleStops() throws Exception {
        var component = new OpenSslComponent(bundles);
        var provider = (TlsProvider) offered.getFirst();
        var authority = new TestAuthority("authority");
        var policy = new TlsPolicy(
                Optional.of(authority.server("server")),
                List.of(authority.certificate()),
                PeerCertificate.NOT_ASKED,
                Version.TLS_1_3,
                Version.TLS_1_3,
                List.of(),
                List.of());
        TlsEngine server = provider.newServerEngine(policy);
        TlsEngine client = provider.newClientEngine(policy);
        byte[] hello = client.step(new byte[0], List.of()).toPeer();
        component.deactivate();
        assertEquals(1, withdrawn);
        client.step(server.step(hello, List.of()).toPeer(), List.of());
        assertTrue(client.handshakeComplete());
        server.close();
        client.close();
        String reason = assertThrows(TlsException.class, () -> provider.newServerEngine(policy)).getMessage();
        assertTrue(reason.contains("tls.openssl"), reason);
    }

    private interface Answer {
        Object to(Object[] arguments);
    }

    private static <T> T proxy(Class<T> type, String method, Answer answer) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, called, arguments) -> {
            assertEquals(method, called.getName());
            return answer.to(arguments);
        }));
    }
}
