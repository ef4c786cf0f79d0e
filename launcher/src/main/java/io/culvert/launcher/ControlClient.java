package io.culvert.launcher;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The other end of the control socket: one JSON object for each line. A request names a command and its arguments; the
 * answer is any number of parts, then a result or an error.
 */
final class ControlClient {
    private final HomeDirectory home;

    ControlClient(HomeDirectory home) {
        this.home = home;
    }

    Object call(String command, Map<String, Object> arguments) {
        return call(command, arguments, part -> {});
    }

    /** @throws Failure with the appliance's words when it refuses, and status 3 when there is none */
    Object call(String command, Map<String, Object> arguments, Consumer<Object> parts) {
        try (var channel = connect()) {
            var request = new LinkedHashMap<String, Object>();
            request.put("command", command);
            request.put("arguments", arguments);
            var bytes = ByteBuffer.wrap((JSON.std.asString(request) + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            var in = new BufferedReader(
                    new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                Map<String, Object> answer = JSON.std.mapFrom(line);
                if (answer.containsKey("part")) {
                    parts.accept(answer.get("part"));
                } else if (answer.containsKey("error")) {
                    throw new Failure(String.valueOf(answer.get("error")));
                } else {
                    return answer.get("result");
                }
            }
            throw new Failure("culvert went away before it answered");
        } catch (IOException e) {
            throw new Failure("lost the connection to culvert: " + Errors.line(e));
        }
    }

    private SocketChannel connect() {
        var socket = home.socket();
        try {
            return SocketChannel.open(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            if (Files.exists(home.path()) && !Files.isReadable(home.path().resolve("run")) && e.getMessage() != null
                    && e.getMessage().contains("ermission")) {
                throw new Failure(socket + ": permission denied; become root, or the user that runs culvert");
            }
            throw notRunning();
        } catch (IllegalArgumentException e) {
            throw notRunning();
        }
    }

    private Failure notRunning() {
        return new Failure(
                Failure.NOT_RUNNING,
                "culvert is not running in " + home.path() + "; start it with: culvert --home " + home.path() + " up");
    }
}
