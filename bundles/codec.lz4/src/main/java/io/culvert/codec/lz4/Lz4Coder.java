package io.culvert.codec.lz4;

import io.culvert.api.codec.PayloadCodec;
import io.culvert.api.packet.PacketBuffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Codes packets by way of a memory of its own, as neither direction can be done in place. */
final class Lz4Coder implements PayloadCodec.Coder {
    /** The largest packet there is. */
    private static final int LARGEST = 65_535;

    private final MemorySegment aside = Arena.ofAuto().allocate(LARGEST, 64);
    private final BlockWriter writer = new BlockWriter();

    @Override
    public boolean encode(PacketBuffer packet, int gain) {
        int length = packet.length();
        if (length > LARGEST) {
            return false;
        }
        int block = writer.write(packet.segment(), packet.offset(), length, aside, length - gain);
        if (block < 0) {
            return false;
        }
        MemorySegment.copy(aside, 0, packet.segment(), packet.offset(), block);
        packet.bounds(packet.offset(), block);
        return true;
    }

    @Override
    public boolean decode(PacketBuffer packet) {
        int room = Math.min(LARGEST, packet.length() + packet.tailroom());
        int length = BlockReader.read(packet.segment(), packet.offset(), packet.length(), aside, room);
        if (length < 0) {
            return false;
        }
        MemorySegment.copy(aside, 0, packet.segment(), packet.offset(), length);
        packet.bounds(packet.offset(), length);
        return true;
    }
}
