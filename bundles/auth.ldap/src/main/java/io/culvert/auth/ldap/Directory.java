package io.culvert.auth.ldap;

import com.unboundid.ldap.sdk.BindRequest;
import com.unboundid.ldap.sdk.FailoverServerSet;
import com.unboundid.ldap.sdk.LDAPConnection;
import com.unboundid.ldap.sdk.LDAPConnectionOptions;
import com.unboundid.ldap.sdk.LDAPConnectionPool;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.LDAPURL;
import com.unboundid.ldap.sdk.PostConnectProcessor;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.SimpleBindRequest;
import com.unboundid.ldap.sdk.StartTLSPostConnectProcessor;
import io.culvert.api.config.ConfigException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Set;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * The connections to the servers. None is made before it is needed, so that a directory that is away keeps nobody from
 * starting; one that broke is replaced.
 */
final class Directory implements AutoCloseable {
    /** What says that the server is away or busy, and nothing of the user. */
    private static final Set<ResultCode> AWAY = Set.of(
            ResultCode.SERVER_DOWN,
            ResultCode.CONNECT_ERROR,
            ResultCode.TIMEOUT,
            ResultCode.BUSY,
            ResultCode.UNAVAILABLE,
            ResultCode.DECODING_ERROR,
            ResultCode.LOCAL_ERROR);

    private static final long OLDEST_CONNECTION_MS = 300_000;

    private final LDAPConnectionPool pool;

    Directory(LdapConfig config) {
        var options = new LDAPConnectionOptions();
        options.setConnectTimeoutMillis(Math.toIntExact(config.connect().toMillis()));
        options.setResponseTimeoutMillis(config.answer().toMillis());
        options.setFollowReferrals(false);
        options.setUseSynchronousMode(true);
        options.setAbandonOnTimeout(false);
        String[] hosts = config.urls().stream().map(LDAPURL::getHost).toArray(String[]::new);
        int[] ports = config.urls().stream().mapToInt(LDAPURL::getPort).toArray();
        var tls = new VerifyingSockets(tls(config).getSocketFactory());
        SocketFactory sockets = config.secure() ? tls : SocketFactory.getDefault();
        BindRequest bind = config.bindDn().isEmpty()
                ? new SimpleBindRequest()
                : new SimpleBindRequest(config.bindDn(), config.bindPassword());
        PostConnectProcessor first = config.startTls() ? new StartTLSPostConnectProcessor(tls) : null;
        try {
            pool = new LDAPConnectionPool(
                    new FailoverServerSet(hosts, ports, sockets, options), bind, 0, config.connections(), first, false);
        } catch (LDAPException e) {
            throw new IllegalStateException("no connections can be made: " + e.getDiagnosticMessage(), e);
        }
        pool.setConnectionPoolName("culvert-ldap");
        pool.setMaxConnectionAgeMillis(OLDEST_CONNECTION_MS);
        pool.setMaxWaitTimeMillis(config.answer().toMillis());
        pool.setRetryFailedOperationsDueToInvalidConnections(true);
    }

    private static SSLContext tls(LdapConfig config) {
        try {
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(config.trustFile().isEmpty() ? null : authorities(config.trustFile().get()));
            var context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("TLS cannot be set up", e);
        }
    }

    private static @Nullable KeyStore authorities(Path file) throws GeneralSecurityException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int number = 0;
            for (var each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("authority-" + number++, each);
            }
            if (number == 0) {
                throw new IOException("no certificate in it");
            }
            return store;
        } catch (IOException | GeneralSecurityException e) {
            throw new ConfigException(LdapConfig.PID, "trustFile", file, "must be a PEM file with certificates");
        }
    }

    /** What is done with a connection. */
    @FunctionalInterface
    interface Work<T> {
        T with(LDAPConnection connection) throws LDAPException;
    }

    /**
     * Lends a connection that is bound to the service account; the work may bind it to somebody else. A connection that
     * turns out to be dead is replaced once.
     */
    <T> T with(Work<T> work) throws LDAPException {
        try {
            return once(work);
        } catch (LDAPException e) {
            if (e.getResultCode() != ResultCode.SERVER_DOWN) {
                throw e;
            }
            return once(work);
        }
    }

    private <T> T once(Work<T> work) throws LDAPException {
        LDAPConnection connection = pool.getConnection();
        boolean sound = false;
        try {
            T result = work.with(connection);
            sound = true;
            return result;
        } catch (LDAPException e) {
            sound = !isAway(e);
            throw e;
        } finally {
            if (sound) {
                pool.releaseAndReAuthenticateConnection(connection);
            } else {
                pool.releaseDefunctConnection(connection);
            }
        }
    }

    static boolean isAway(LDAPException e) {
        return AWAY.contains(e.getResultCode());
    }

    int open() {
        return pool.getCurrentAvailableConnections();
    }

    @Override
    public void close() {
        pool.close();
    }
}
