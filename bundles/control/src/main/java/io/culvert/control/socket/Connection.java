package io.culvert.control.socket;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.jr.ob.JSON;
import io.culvert.api.command.CommandException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One client: requests line by line, answered in order. Or one that speaks HTTP, which the console answers.
 *
 * <ol>
 *   <li>A line that is no request gets an error, and the next line its chance.
 *   <li>While a command runs, a second thread goes on reading, to notice that the client left: a command that streams
 *       parts is interrupted then. Others finish, as a client may close its half after the request.
 * </ol>
 */
final class Connection implements AutoCloseable {
    static final int MAX_LINE = 1 << 20;
    private static final String END = new String("end");

    private final SocketChannel channel;
    private final CommandTable commands;
    private final HttpSplice http;
    private final SynchronousQueue<String> requests = new SynchronousQueue<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition idle = lock.newCondition();
    private boolean busy;
    private boolean streaming;
    private boolean left;

    Connection(SocketChannel channel, CommandTable commands, HttpSplice http) {
        this.channel = channel;
        this.commands = commands;
        this.http = http;
    }

    /** Returns when the client has left or does not keep to the protocol. */
    void serve() {
        try {
            var first = ByteBuffer.allocate(1);
            if (channel.read(first) <= 0) {
                return;
            }
            first.flip();
            // A request line of HTTP begins with a method, in capital letters.
            if (Character.isUpperCase(first.get(0))) {
                http.serve(channel, first);
                return;
            }
            Thread serving = Thread.currentThread();
            Thread.ofVirtual().name("control-read").start(() -> read(serving, first.array()));
            for (String line = requests.take(); line != END; line = requests.take()) {
                mark(true);
                try {
                    send(answer(line));
                } finally {
                    mark(false);
                }
            }
        } catch (InterruptedException | IOException e) {
            // The client is gone: there is nobody to tell.
        }
    }

    private void read(Thread serving, byte[] first) {
        try (var in = new PushbackInputStream(new BufferedInputStream(Channels.newInputStream(channel)))) {
            in.unread(first);
            for (String line = line(in); line != null; line = line(in)) {
                requests.put(line);
            }
            lock.lock();
            try {
                left = true;
                if (streaming) {
                    serving.interrupt();
                }
            } finally {
                lock.unlock();
            }
            requests.put(END);
        } catch (IOException | InterruptedException e) {
            serving.interrupt();
        }
    }

    /** One line, or null at the end. */
    private static @Nullable String line(InputStream in) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                return line.size() == 0 ? null : line.toString(StandardCharsets.UTF_8);
            }
            if (line.size() == MAX_LINE) {
                throw new IOException("a line longer than " + MAX_LINE + " bytes");
            }
            line.write(b);
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    private Map<String, Object> answer(String line) throws InterruptedException {
        try {
            Map<String, Object> request = JSON.std.mapFrom(line);
            if (!(request.get("command") instanceof String command)) {
                return Map.of("error", "the request names no \"command\"");
            }
            Object arguments = request.getOrDefault("arguments", Map.of());
            if (!(arguments instanceof Map<?, ?> map)) {
                return Map.of("error", "\"arguments\" must be a JSON object");
            }
            var named = new LinkedHashMap<String, Object>();
            map.forEach((name, value) -> named.put(String.valueOf(name), value));
            var answer = new LinkedHashMap<String, Object>();
            answer.put("result", commands.run(command, named, this::sendPart));
            return answer;
        } catch (CommandException e) {
            return Map.of("error", String.valueOf(e.getMessage()));
        } catch (JacksonException e) {
            return Map.of("error", "not a JSON object: " + e.getOriginalMessage());
        } catch (IOException e) {
            return Map.of("error", "not a JSON object");
        }
    }

    private boolean sendPart(Object part) {
        lock.lock();
        try {
            streaming = true;
            if (left) {
                return false;
            }
        } finally {
            lock.unlock();
        }
        try {
            send(Map.of("part", part));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void send(Map<String, Object> answer) throws IOException {
        var bytes = ByteBuffer.wrap((JSON.std.asString(answer) + "\n").getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private void mark(boolean now) {
        lock.lock();
        try {
            busy = now;
            streaming = false;
            idle.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Waits until no command runs, but no longer than to the deadline, and not for one that streams. */
    void awaitIdle(long deadlineNs) {
        lock.lock();
        try {
            while (busy && !streaming) {
                long leftNs = deadlineNs - System.nanoTime();
                if (leftNs <= 0 || idle.awaitNanos(leftNs) <= 0) {
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // Closed is closed.
        }
    }
}
