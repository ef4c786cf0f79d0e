package io.culvert.core.tun;

import io.culvert.core.libc.Libc;
import java.io.IOException;

/**
 * What the kernel does for a TUN device: whether several packets of a flow pass in one system call.
 *
 * @param vnetHeader whether a {@code virtio_net_hdr} is before each packet; the others need it
 * @param checksum whether packets come with a checksum that is yet to be completed
 * @param tso whether several TCP segments come, and are taken, as one
 * @param uso the same for UDP datagrams
 */
public record Offloads(boolean vnetHeader, boolean checksum, boolean tso, boolean uso) {
    public static final Offloads NONE = new Offloads(false, false, false, false);
    public static final Offloads ALL = new Offloads(true, true, true, true);

    public Offloads {
        if (!vnetHeader && (checksum || tso || uso) || (tso || uso) && !checksum) {
            throw new IllegalArgumentException("segmentation needs checksums, which need the vnet header");
        }
    }

    /**
     * Asks the kernel, with a device that is made and gone at once.
     *
     * @throws IOException when no device may be made
     */
    public static Offloads probe(Libc libc) throws IOException {
        TunDescriptor probe = TunDescriptor.first(libc, "cvprobe" + ProcessHandle.current().pid() % 10_000_000, false);
        libc.closeQuietly(probe.fd());
        return probe.offloads();
    }

    /** For {@link #parse}: a letter for each. */
    String code() {
        return (vnetHeader ? "v" : "") + (checksum ? "c" : "") + (tso ? "t" : "") + (uso ? "u" : "") + ".";
    }

    static Offloads parse(String code) {
        boolean vnet = code.contains("v");
        boolean checksum = vnet && code.contains("c");
        return new Offloads(vnet, checksum, checksum && code.contains("t"), checksum && code.contains("u"));
    }

    /** One line for people: {@code checksum, tso, uso}, or {@code none}. */
    public String text() {
        if (!vnetHeader) {
            return "none";
        }
        var text = new StringBuilder();
        append(text, checksum, "checksum");
        append(text, tso, "tso");
        append(text, uso, "uso");
        return text.isEmpty() ? "vnet header" : text.toString();
    }

    private static void append(StringBuilder text, boolean on, String what) {
        if (on) {
            text.append(text.isEmpty() ? "" : ", ").append(what);
        }
    }
}
