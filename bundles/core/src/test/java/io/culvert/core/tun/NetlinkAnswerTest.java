package io.culvert.core.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NetlinkAnswerTest {
    private static final int CAPPED_WITH_ATTRIBUTES = 0x300;

    @Test
    void shouldReadAnAcknowledgement() throws Exception {
        assertEquals(Optional.of(new NetlinkAnswer(0, "")), NetlinkAnswer.find(answer(7, 0, 0x100, ""), 7));
    }

    @Test
    void shouldReadErrnoAndText() throws Exception {
        byte[] bytes = answer(7, -17, CAPPED_WITH_ATTRIBUTES, "Address already assigned");
        assertEquals(Optional.of(new NetlinkAnswer(17, "Address already assigned")), NetlinkAnswer.find(bytes, 7));
    }

    @Test
    void shouldPassOverOtherMessages() throws Exception {
        byte[] first = answer(6, -17, CAPPED_WITH_ATTRIBUTES, "old");
        byte[] second = answer(7, -1, 0x100, "");
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        assertEquals(Optional.of(new NetlinkAnswer(1, "")), NetlinkAnswer.find(both, 7));
        assertEquals(Optional.empty(), NetlinkAnswer.find(both, 8));
    }

    @Test
    void shouldRefuseWhatIsCutShort() throws Exception {
        byte[] whole = answer(7, -17, CAPPED_WITH_ATTRIBUTES, "text");
        for (int length = 1; length < whole.length; length++) {
            byte[] part = Arrays.copyOf(whole, length);
            assertThrows(IOException.class, () -> NetlinkAnswer.find(part, 7));
        }
    }

    @Test
    void shouldSurviveAnyBytes() {
        var random = new Random(1);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = answer(7, -17, CAPPED_WITH_ATTRIBUTES, "some text");
            for (int i = 0; i < 4; i++) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
            }
            try {
                NetlinkAnswer.find(bytes, 7);
            } catch (IOException e) {
                // What it is for.
            }
        }
    }

    private static byte[] answer(int sequence, int error, int flags, String text) {
        byte[] chars = (text + '\0').getBytes(StandardCharsets.UTF_8);
        int attributes = text.isEmpty() ? 0 : 4 + (chars.length + 3 & ~3);
        ByteBuffer buffer = ByteBuffer.allocate(36 + attributes).order(ByteOrder.nativeOrder());
        buffer.putInt(buffer.capacity()).putShort((short) 2).putShort((short) flags).putInt(sequence).putInt(1);
        buffer.putInt(error);
        buffer.putInt(40).putShort((short) 20).putShort((short) 5).putInt(sequence).putInt(0);
        if (attributes > 0) {
            buffer.putShort((short) (4 + chars.length)).putShort((short) 1).put(chars);
        }
        return buffer.array();
    }
}
