package io.culvert.log.support.link;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One UDP datagram for each frame. A far end that is gone is only noticed when its host says so (ICMP). */
public final class DatagramLink implements Link {
    private final String host;
    private final int port;
    private volatile @Nullable DatagramChannel channel;
    private volatile boolean closed;

    public DatagramLink(String host, int port) {
        this.host = host;
        this.port = port;
    }

    @Override
    public void send(List<byte[]> frames) throws IOException {
        DatagramChannel open = open();
        try {
            for (byte[] frame : frames) {
                open.write(ByteBuffer.wrap(frame));
            }
            // An answer "port unreachable" to one of them is reported by the next operation.
            open.configureBlocking(false);
            open.read(ByteBuffer.allocate(1));
            open.configureBlocking(true);
        } catch (IOException e) {
            channel = null;
            open.close();
            throw e;
        }
    }

    private DatagramChannel open() throws IOException {
        DatagramChannel open = channel;
        if (open == null) {
            var address = new InetSocketAddress(host, port);
            if (address.isUnresolved()) {
                throw new UnknownHostException(host);
            }
            open = DatagramChannel.open();
            open.connect(address);
            channel = open;
            if (closed) {
                open.close();
                throw new ClosedChannelException();
            }
        }
        return open;
    }

    @Override
    public boolean isOpen() {
        return channel != null;
    }

    @Override
    public void close() {
        closed = true;
        Quietly.close(channel);
    }
}
