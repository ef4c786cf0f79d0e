package io.culvert.auth.radius;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A RADIUS packet (RFC 2865, 3).
 *
 * <pre>
 * |code 1|id 1|length 2|authenticator 16|attributes: type 1, length 1, value ...|
 * </pre>
 */
record RadiusPacket(int code, int id, byte[] authenticator, List<Attribute> attributes) {
    static final int ACCESS_REQUEST = 1;
    static final int ACCESS_ACCEPT = 2;
    static final int ACCESS_REJECT = 3;
    static final int ACCOUNTING_REQUEST = 4;
    static final int ACCOUNTING_RESPONSE = 5;
    static final int ACCESS_CHALLENGE = 11;

    static final int HEAD = 20;
    static final int MAX = 4096;
    private static final int MAX_VALUE = 253;

    /** @param value up to 253 bytes */
    record Attribute(int type, byte[] value) {
        static final int USER_NAME = 1;
        static final int USER_PASSWORD = 2;
        static final int NAS_IP_ADDRESS = 4;
        static final int FRAMED_IP_ADDRESS = 8;
        static final int FILTER_ID = 11;
        static final int REPLY_MESSAGE = 18;
        static final int STATE = 24;
        static final int CLASS = 25;
        static final int VENDOR_SPECIFIC = 26;
        static final int CALLING_STATION_ID = 31;
        static final int NAS_IDENTIFIER = 32;
        static final int ACCT_STATUS_TYPE = 40;
        static final int ACCT_DELAY_TIME = 41;
        static final int ACCT_INPUT_OCTETS = 42;
        static final int ACCT_OUTPUT_OCTETS = 43;
        static final int ACCT_SESSION_ID = 44;
        static final int ACCT_SESSION_TIME = 46;
        static final int ACCT_INPUT_PACKETS = 47;
        static final int ACCT_OUTPUT_PACKETS = 48;
        static final int ACCT_TERMINATE_CAUSE = 49;
        static final int ACCT_INPUT_GIGAWORDS = 52;
        static final int ACCT_OUTPUT_GIGAWORDS = 53;
        static final int NAS_PORT_TYPE = 61;
        static final int PROMPT = 76;
        static final int MESSAGE_AUTHENTICATOR = 80;

        private static final int MICROSOFT = 311;

        Attribute {
            if (value.length > MAX_VALUE) {
                throw new IllegalArgumentException("attribute " + type + " has " + value.length + " bytes");
            }
        }

        static Attribute text(int type, String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            return new Attribute(type, bytes.length > MAX_VALUE ? Arrays.copyOf(bytes, MAX_VALUE) : bytes);
        }

        static Attribute number(int type, long number) {
            return new Attribute(type, ByteBuffer.allocate(4).putInt((int) number).array());
        }

        /** A vendor's attribute (RFC 2548). */
        static Attribute microsoft(int type, byte[] value) {
            return new Attribute(
                    VENDOR_SPECIFIC,
                    ByteBuffer.allocate(6 + value.length)
                            .putInt(MICROSOFT)
                            .put((byte) type)
                            .put((byte) (2 + value.length))
                            .put(value)
                            .array());
        }

        /** The value of a vendor's attribute, if it is the one of this type. */
        Optional<byte[]> microsoft(int wanted) {
            if (type != VENDOR_SPECIFIC || value.length < 6) {
                return Optional.empty();
            }
            ByteBuffer in = ByteBuffer.wrap(value);
            if (in.getInt() != MICROSOFT || (in.get() & 0xFF) != wanted) {
                return Optional.empty();
            }
            int length = (in.get() & 0xFF) - 2;
            return length < 0 || length > in.remaining()
                    ? Optional.empty()
                    : Optional.of(Arrays.copyOfRange(value, 6, 6 + length));
        }

        @Override
        public String toString() {
            return "Attribute[" + type + ", " + value.length + " bytes]";
        }
    }

    byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(MAX);
        out.put((byte) code).put((byte) id).putShort((short) 0).put(authenticator);
        for (Attribute each : attributes) {
            out.put((byte) each.type()).put((byte) (2 + each.value().length)).put(each.value());
        }
        out.putShort(2, (short) out.position());
        return Arrays.copyOf(out.array(), out.position());
    }

    /** Empty when it is malformed. What follows the length is padding, and ignored. */
    static Optional<RadiusPacket> decode(byte[] bytes, int available) {
        if (available < HEAD) {
            return Optional.empty();
        }
        ByteBuffer in = ByteBuffer.wrap(bytes, 0, available);
        int code = in.get() & 0xFF;
        int id = in.get() & 0xFF;
        int length = in.getShort() & 0xFFFF;
        if (length < HEAD || length > available || length > MAX) {
            return Optional.empty();
        }
        in.limit(length);
        byte[] authenticator = new byte[16];
        in.get(authenticator);
        List<Attribute> attributes = new ArrayList<>();
        while (in.hasRemaining()) {
            if (in.remaining() < 2) {
                return Optional.empty();
            }
            int type = in.get() & 0xFF;
            int size = (in.get() & 0xFF) - 2;
            if (size < 0 || size > in.remaining()) {
                return Optional.empty();
            }
            byte[] value = new byte[size];
            in.get(value);
            attributes.add(new Attribute(type, value));
        }
        return Optional.of(new RadiusPacket(code, id, authenticator, List.copyOf(attributes)));
    }

    Optional<byte[]> first(int type) {
        return attributes.stream().filter(each -> each.type() == type).map(Attribute::value).findFirst();
    }

    /** All texts of a type, one after the other, without control characters. */
    String text(int type) {
        var text = new StringBuilder();
        for (Attribute each : attributes) {
            if (each.type() == type) {
                text.append(new String(each.value(), StandardCharsets.UTF_8));
            }
        }
        return text.toString().replaceAll("\\p{C}", " ").strip();
    }

    @Override
    public String toString() {
        return "RadiusPacket[code " + code + ", id " + id + ", " + attributes.size() + " attributes]";
    }
}
