package io.culvert.core.tun;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The kernel's acknowledgement of one request ({@code NLMSG_ERROR}).
 *
 * @param errno 0 when it was done
 * @param text what the kernel says beside the number, empty when nothing
 */
record NetlinkAnswer(int errno, String text) {
    private static final int NLMSG_ERROR = 2;
    private static final int NLM_F_CAPPED = 0x100;
    private static final int NLM_F_ACK_TLVS = 0x200;
    private static final int NLMSGERR_ATTR_MSG = 1;
    private static final int TYPE_MASK = 0x3fff;

    /**
     * Looks for the acknowledgement of a request in what one receive brought; other messages are passed over.
     *
     * @throws IOException when the bytes are no netlink messages
     */
    static Optional<NetlinkAnswer> find(byte[] received, int sequence) throws IOException {
        ByteBuffer buffer = ByteBuffer.wrap(received).order(ByteOrder.nativeOrder());
        int at = 0;
        while (at < received.length) {
            if (received.length - at < NetlinkMessage.HEADER_BYTES) {
                throw cutShort(received.length - at, NetlinkMessage.HEADER_BYTES);
            }
            int length = buffer.getInt(at);
            if (length < NetlinkMessage.HEADER_BYTES || length > received.length - at) {
                throw cutShort(received.length - at, length);
            }
            if (Short.toUnsignedInt(buffer.getShort(at + 4)) == NLMSG_ERROR && buffer.getInt(at + 8) == sequence) {
                return Optional.of(parse(buffer, at, length));
            }
            at += Math.min(aligned(length), received.length - at);
        }
        return Optional.empty();
    }

    private static NetlinkAnswer parse(ByteBuffer buffer, int start, int length) throws IOException {
        int end = start + length;
        int error = start + NetlinkMessage.HEADER_BYTES;
        int original = error + 4;
        if (end - original < NetlinkMessage.HEADER_BYTES) {
            throw cutShort(length, 36);
        }
        int errno = -buffer.getInt(error);
        if (errno < 0) {
            throw new IOException("netlink answer with error " + -errno + ", which is positive");
        }
        int flags = Short.toUnsignedInt(buffer.getShort(start + 6));
        if ((flags & NLM_F_ACK_TLVS) == 0) {
            return new NetlinkAnswer(errno, "");
        }
        // Unless it is capped, the whole request is repeated before the attributes.
        int repeated = (flags & NLM_F_CAPPED) != 0 ? NetlinkMessage.HEADER_BYTES : buffer.getInt(original);
        if (repeated < NetlinkMessage.HEADER_BYTES || repeated > end - original) {
            throw cutShort(end - original, repeated);
        }
        return new NetlinkAnswer(errno, text(buffer, original + Math.min(aligned(repeated), end - original), end));
    }

    private static String text(ByteBuffer buffer, int from, int end) throws IOException {
        int at = from;
        while (end - at >= 4) {
            int length = Short.toUnsignedInt(buffer.getShort(at));
            if (length < 4 || length > end - at) {
                throw cutShort(end - at, length);
            }
            if ((buffer.getShort(at + 2) & TYPE_MASK) == NLMSGERR_ATTR_MSG) {
                String text = new String(buffer.array(), at + 4, length - 4, StandardCharsets.UTF_8);
                int zero = text.indexOf('\0');
                return zero < 0 ? text : text.substring(0, zero);
            }
            at += Math.min(aligned(length), end - at);
        }
        return "";
    }

    private static int aligned(int length) {
        // A length near the largest int is refused before it gets here, so this does not overflow.
        return length + 3 & ~3;
    }

    private static IOException cutShort(int have, int want) {
        return new IOException("netlink answer of " + have + " bytes, where " + Integer.toUnsignedString(want)
                + " were announced");
    }
}
