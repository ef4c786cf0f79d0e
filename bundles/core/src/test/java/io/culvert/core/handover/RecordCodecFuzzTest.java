package io.culvert.core.handover;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.api.handover.SessionRecord;
import io.culvert.api.tunnel.HandoverException;

/** Session records as a store gives them back. */
class RecordCodecFuzzTest {
    /** What can be read can be written, and reads as the same again. */
    @FuzzTest
    void decode(byte[] data) throws HandoverException {
        SessionRecord record;
        try {
            record = RecordCodec.decode(data);
        } catch (HandoverException _) {
            return;
        }
        byte[] written = RecordCodec.encode(record);
        assertArrayEquals(written, RecordCodec.encode(RecordCodec.decode(written)));
    }
}
