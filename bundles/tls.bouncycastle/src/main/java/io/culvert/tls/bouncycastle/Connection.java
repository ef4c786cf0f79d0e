package io.culvert.tls.bouncycastle;

import java.io.IOException;
import org.bouncycastle.tls.TlsClient;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsProtocol;
import org.bouncycastle.tls.TlsServer;
import org.bouncycastle.tls.TlsServerProtocol;

/** The library's state of a connection over memory, which also fails for reasons of ours. */
interface Connection {
    TlsProtocol protocol();

    /** Fails the connection with an alert to the peer. Always throws. */
    void refuse(short alert, String reason) throws IOException;

    static Connection of(TlsServer server) throws IOException {
        var made = new OfServer();
        made.accept(server);
        return made;
    }

    static Connection of(TlsClient client) throws IOException {
        var made = new OfClient();
        made.connect(client);
        return made;
    }

    /** A server's. */
    final class OfServer extends TlsServerProtocol implements Connection {
        @Override
        public TlsProtocol protocol() {
            return this;
        }

        @Override
        public void refuse(short alert, String reason) throws IOException {
            var failure = new TlsFatalAlert(alert, reason);
            handleException(alert, reason, failure);
            throw failure;
        }
    }

    /** A client's. */
    final class OfClient extends TlsClientProtocol implements Connection {
        @Override
        public TlsProtocol protocol() {
            return this;
        }

        @Override
        public void refuse(short alert, String reason) throws IOException {
            var failure = new TlsFatalAlert(alert, reason);
            handleException(alert, reason, failure);
            throw failure;
        }
    }
}
