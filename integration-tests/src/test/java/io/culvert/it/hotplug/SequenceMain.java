package io.culvert.it.hotplug;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Numbered datagrams there and back: {@code echo PORT} sends back what comes, {@code probe HOST PORT EACH_MS SECONDS}
 * sends one at a time and says how many did not come back, and how long it waited for one at most.
 */
final class SequenceMain {
    private static final int SIZE = 400;
    private static final int LINGER_MS = 2_000;

    private SequenceMain() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments[0].equals("echo")) {
            echo(Integer.parseInt(arguments[1]));
        } else {
            probe(
                    new InetSocketAddress(InetAddress.ofLiteral(arguments[1]), Integer.parseInt(arguments[2])),
                    Long.parseLong(arguments[3]) * 1_000_000,
                    Integer.parseInt(arguments[4]));
        }
    }

    private static void echo(int port) throws Exception {
        try (var socket = new DatagramSocket(port)) {
            socket.setReceiveBufferSize(1 << 22);
            System.out.println("echo up");
            var packet = new DatagramPacket(new byte[SIZE], SIZE);
            while (true) {
                packet.setLength(SIZE);
                socket.receive(packet);
                socket.send(packet);
            }
        }
    }

    private static void probe(InetSocketAddress to, long eachNs, int seconds) throws Exception {
        try (var socket = new DatagramSocket()) {
            socket.setReceiveBufferSize(1 << 22);
            socket.connect(to);
            socket.setSoTimeout(LINGER_MS);
            var sent = new AtomicInteger();
            System.out.println("probe up");
            Thread sender = Thread.ofPlatform().start(() -> send(socket, sent, eachNs, seconds));
            var back = new BitSet();
            int twice = 0;
            long longestNs = 0;
            var packet = new DatagramPacket(new byte[SIZE], SIZE);
            try {
                while (sender.isAlive() || back.cardinality() < sent.get()) {
                    packet.setLength(SIZE);
                    socket.receive(packet);
                    var buffer = ByteBuffer.wrap(packet.getData());
                    int number = buffer.getInt();
                    longestNs = Math.max(longestNs, System.nanoTime() - buffer.getLong());
                    twice += back.get(number) ? 1 : 0;
                    back.set(number);
                }
            } catch (SocketTimeoutException e) {
                // What has not come by now is lost.
            }
            sender.join();
            System.out.printf("probe sent %d lost %d twice %d longest %d ms%n",
                    sent.get(), sent.get() - back.cardinality(), twice, longestNs / 1_000_000);
        }
    }

    private static void send(DatagramSocket socket, AtomicInteger sent, long eachNs, int seconds) {
        var packet = new DatagramPacket(new byte[SIZE], SIZE);
        var buffer = ByteBuffer.wrap(packet.getData());
        long begun = System.nanoTime();
        try {
            for (long due = begun; due - begun < seconds * 1_000_000_000L; due += eachNs) {
                for (long now = System.nanoTime(); now < due; now = System.nanoTime()) {
                    LockSupport.parkNanos(due - now);
                }
                buffer.putInt(0, sent.getAndIncrement()).putLong(4, System.nanoTime());
                socket.send(packet);
            }
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
