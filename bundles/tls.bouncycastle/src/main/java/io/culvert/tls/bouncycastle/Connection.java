package io.culvert.tls.bouncycastle;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.ClientHello;
import org.bouncycastle.tls.ContentType;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsClient;
import org.bouncycastle.tls.TlsClientProtocol;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.TlsProtocol;
import org.bouncycastle.tls.TlsServerProtocol;

/** The library's state of a connection over memory, which also fails for reasons of ours. */
interface Connection {
    /** Level and description: an alert is one record and a record is one alert, RFC 8446 section 5.1. */
    int ALERT_BYTES = 2;

    TlsProtocol protocol();

    /** Fails the connection with an alert to the peer. Always throws. */
    void refuse(short alert, String reason) throws IOException;

    static Connection of(BcServer server) throws IOException {
        var made = new OfServer(server);
        made.accept(server);
        return made;
    }

    static Connection of(TlsClient client) throws IOException {
        var made = new OfClient();
        made.connect(client);
        return made;
    }

    private static void checkRecord(short type, int length) throws TlsFatalAlert {
        if (type == ContentType.alert && length != ALERT_BYTES) {
            throw new TlsFatalAlert(AlertDescription.decode_error, "an alert that is no alert");
        }
    }

    /** A server's. */
    final class OfServer extends TlsServerProtocol implements Connection {
        private static final int MESSAGE_HEADER = 4;
        private static final int SESSION_OFFSET = 2 + 32;

        private final BcServer server;

        private OfServer(BcServer server) {
            this.server = server;
        }

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

        @Override
        protected void processRecord(short type, byte[] buffer, int offset, int length) throws IOException {
            checkRecord(type, length);
            super.processRecord(type, buffer, offset, length);
        }

        /** Refuses what TLS 1.3 does not allow, and the library bears. */
        @Override
        protected ClientHello receiveClientHelloMessage(ByteArrayInputStream message) throws IOException {
            byte[] bytes = message.readAllBytes();
            message.reset();
            message.skipNBytes(MESSAGE_HEADER);
            ClientHello hello = super.receiveClientHelloMessage(message);
            ProtocolVersion[] offered = TlsExtensionsUtils.getSupportedVersionsExtensionClient(hello.getExtensions());
            if (offered == null
                    || !ProtocolVersion.contains(offered, ProtocolVersion.TLSv13)
                    || !ProtocolVersion.contains(server.getProtocolVersions(), ProtocolVersion.TLSv13)) {
                return hello;
            }
            int at = SESSION_OFFSET + 1 + (bytes[SESSION_OFFSET] & 0xff);
            at += 2 + ((bytes[at] & 0xff) << Byte.SIZE | bytes[at + 1] & 0xff);
            if (bytes[at] != 1) {
                throw new TlsFatalAlert(AlertDescription.illegal_parameter, "the client asks for compression");
            }
            if (!hello.getExtensions().containsKey(TlsExtensionsUtils.EXT_key_share)) {
                throw new TlsFatalAlert(AlertDescription.missing_extension, "the client sends no key_share");
            }
            return hello;
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

        @Override
        protected void processRecord(short type, byte[] buffer, int offset, int length) throws IOException {
            checkRecord(type, length);
            super.processRecord(type, buffer, offset, length);
        }
    }
}
