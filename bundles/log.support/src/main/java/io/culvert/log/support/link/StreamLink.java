package io.culvert.log.support.link;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * A stream over TCP, within TLS where told. Before and after each sending it looks whether the far end has closed the
 * connection: then nothing is sent into it, and what was sent last counts as not sent.
 */
public final class StreamLink implements Link {
    private static final int CONNECT_MS = 10_000;
    private static final int LOOK_MS = 1;

    private final String host;
    private final int port;
    private final @Nullable TlsFiles tls;
    private volatile @Nullable Socket raw;
    private volatile @Nullable Socket socket;
    private volatile boolean sending;
    private volatile boolean closed;

    /** @param tls null for plain TCP */
    public StreamLink(String host, int port, @Nullable TlsFiles tls) {
        this.host = host;
        this.port = port;
        this.tls = tls;
    }

    @Override
    public void send(List<byte[]> frames) throws IOException {
        sending = true;
        try {
            Socket open = open();
            int length = frames.stream().mapToInt(frame -> frame.length).sum();
            byte[] all = new byte[length];
            int at = 0;
            for (byte[] frame : frames) {
                System.arraycopy(frame, 0, all, at, frame.length);
                at += frame.length;
            }
            open.getOutputStream().write(all);
            open.getOutputStream().flush();
            look(open);
        } catch (IOException e) {
            drop();
            throw e;
        } finally {
            sending = false;
        }
    }

    private Socket open() throws IOException {
        Socket open = socket;
        if (open != null) {
            try {
                look(open);
                return open;
            } catch (IOException e) {
                drop();
            }
        }
        var address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw new UnknownHostException(host);
        }
        var plain = new Socket();
        raw = plain;
        if (closed) {
            plain.close();
            throw new SocketException("closed");
        }
        plain.connect(address, CONNECT_MS);
        plain.setTcpNoDelay(true);
        plain.setKeepAlive(true);
        open = plain;
        if (tls != null) {
            plain.setSoTimeout(CONNECT_MS);
            SSLSocket secured = tls.over(plain, host, port);
            secured.startHandshake();
            open = secured;
        }
        socket = open;
        return open;
    }

    /** @throws IOException the far end has gone */
    private static void look(Socket open) throws IOException {
        open.setSoTimeout(LOOK_MS);
        try {
            byte[] ignored = new byte[256];
            while (open.getInputStream().read(ignored) >= 0) {
                // A receiver of log entries has nothing to say.
            }
        } catch (SocketTimeoutException e) {
            return;
        }
        throw new EOFException("the far end closed the connection");
    }

    private void drop() {
        // Without the farewell of TLS, which could wait for a far end that reads nothing.
        Quietly.close(raw);
        socket = null;
    }

    @Override
    public boolean isOpen() {
        return socket != null;
    }

    @Override
    public void close() {
        closed = true;
        if (!sending) {
            Quietly.close(socket);
        }
        Quietly.close(raw);
    }
}
