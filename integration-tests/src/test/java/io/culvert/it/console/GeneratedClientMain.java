package io.culvert.it.console;

import io.culvert.client.ApiClient;
import io.culvert.client.api.SessionsApi;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Lists an appliance's sessions with the client that a public generator made of the OpenAPI document:
 * {@code https://HOST:PORT AUTHORITY.pem USER}, and the token as a line of the standard input.
 */
final class GeneratedClientMain {
    private GeneratedClientMain() {}

    public static void main(String[] arguments) throws Exception {
        String token = new String(System.in.readAllBytes()).strip();
        var client = new ApiClient();
        client.updateBaseUri(arguments[0]);
        client.setHttpClientBuilder(HttpClient.newBuilder().sslContext(trusting(Path.of(arguments[1]))));
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
        var sessions = new SessionsApi(client);
        var listed = sessions.getSessions(null, "user:" + arguments[2], "-since", 10, null);
        System.out.println("total " + listed.getTotal());
        for (var each : listed.getItems()) {
            // The one by its id is the same as the one of the list.
            var one = sessions.getSessionsId(each.getId());
            System.out.println("session " + one.getUser() + " " + one.getProtocol() + " established=" + one.getEstablished() + " tls="
                    + one.getModules().get("tls"));
        }
        System.out.println("all " + sessions.getSessions(null, null, null, 10, null).getTotal());
    }

    private static SSLContext trusting(Path authority) throws Exception {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        try (var in = Files.newInputStream(authority)) {
            store.setCertificateEntry("appliance", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        var trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
