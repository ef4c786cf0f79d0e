package io.culvert.tunnel.openvpn.fuzz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.culvert.tunnel.openvpn.OpenPeer;

/** Listeners and their sessions, from the first packet on. */
class SessionFuzzTest {
    /** Datagrams of a stranger, each behind a 16-bit length. */
    @FuzzTest
    void firstPackets(byte[] data) {
        OpenPeer.strange(data);
    }

    /** A client whose TLS hides nothing, following a script. */
    @FuzzTest
    void script(byte[] data) {
        OpenPeer.play(data);
    }

    /** A session record's state out of the store. */
    @FuzzTest
    void state(byte[] data) {
        OpenPeer.decode(data);
    }
}
