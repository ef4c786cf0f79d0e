package io.culvert.log.syslog;

import io.culvert.api.log.LogRecord;
import io.culvert.log.support.link.Link;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sends syslog messages: a datagram each (RFC 5426), or in a stream with their length in front (RFC 6587 section 3.4.1). */
final class SyslogWriter implements AutoCloseable {
    private final SyslogFormat format;
    private final Link link;
    private final boolean counted;
    private final String target;
    private volatile long sent;

    /** @param counted whether a message's length goes in front of it */
    SyslogWriter(SyslogFormat format, Link link, boolean counted, String target) {
        this.format = format;
        this.link = link;
        this.counted = counted;
        this.target = target;
    }

    void write(List<LogRecord> entries) throws IOException {
        link.send(entries.stream().map(this::frame).toList());
        sent += entries.size();
    }

    private byte[] frame(LogRecord entry) {
        byte[] message = format.message(entry);
        return counted ? counted(message) : message;
    }

    /** Octet counting: a message may then contain anything. */
    static byte[] counted(byte[] message) {
        byte[] length = (message.length + " ").getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(length.length + message.length).put(length).put(message).array();
    }

    Map<String, Object> status() {
        var status = new LinkedHashMap<String, Object>();
        status.put("target", target);
        status.put("connected", link.isOpen());
        status.put("sent", sent);
        return status;
    }

    @Override
    public void close() {
        link.close();
    }
}
