package io.culvert.it.hotplug;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** Asks the appliance as its command line does, without starting a process for each question. */
public final class ControlSocket {
    private ControlSocket() {}

    /**
     * @return the line with the result
     * @throws IOException with the whole answer, when it is no result
     */
    public static String ask(Path socket, String command) throws IOException {
        return ask(socket, command, Map.of());
    }

    /** As {@link #ask(Path, String)}, with arguments. */
    public static String ask(Path socket, String command, Map<String, Object> arguments) throws IOException {
        try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            var request = JSON.std.asString(Map.of("command", command, "arguments", arguments)) + "\n";
            var bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            var in = new BufferedReader(new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                Map<String, Object> answer = JSON.std.mapFrom(line);
                if (answer.containsKey("result")) {
                    return line;
                }
                if (answer.containsKey("error")) {
                    throw new IOException(command + ": " + line);
                }
            }
            throw new IOException(command + ": no answer");
        }
    }
}
