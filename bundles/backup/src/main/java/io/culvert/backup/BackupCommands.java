package io.culvert.backup;

import io.culvert.api.command.Command;
import io.culvert.api.command.Command.Reply;
import io.culvert.api.command.CommandException;
import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code backup make|list|fetch|remove|receive|restore}. {@code make} with {@code pass=true} and {@code fetch} send the
 * file in parts, as {@code data} in Base64; the answer has its length and SHA-256. {@code receive} is for callers inside of
 * the appliance: it reads the {@link java.io.InputStream} {@code stream}. {@code restore} takes the name of a kept backup or
 * of one that was received as {@code upload}, and the appliance starts again with what is in it.
 */
final class BackupCommands {
    private static final int PART = 192 * 1024;

    private final Kept kept;
    private final BackupConfig config;
    private final Restoring restoring;

    BackupCommands(Kept kept, BackupConfig config, Restoring restoring) {
        this.kept = kept;
        this.config = config;
        this.restoring = restoring;
    }

    List<Command> all() {
        return List.of(
                command("backup make", this::make),
                command("backup list", (arguments, reply) -> kept.list().stream().map(BackupCommands::shown).toList()),
                command("backup fetch", this::fetch),
                command("backup remove", this::remove),
                command("backup receive", this::receive),
                command("backup restore", (arguments, reply) -> restore(arguments)));
    }

    static Map<String, Object> shown(Kept.Backup backup) {
        var shown = new LinkedHashMap<String, Object>();
        shown.put("name", backup.name());
        shown.put("created", backup.created().toString());
        shown.put("bytes", backup.bytes());
        return shown;
    }

    private Object make(Map<String, Object> arguments, Reply reply) throws IOException, StoreException, CommandException {
        char[] passphrase = passphrase(arguments.get("passphrase"));
        try {
            if (!Boolean.TRUE.equals(arguments.get("pass"))) {
                return shown(kept.make(passphrase));
            }
            try (FileChannel file = kept.passing(passphrase)) {
                return send(file, reply);
            }
        } finally {
            Arrays.fill(passphrase, '\0');
        }
    }

    private char[] passphrase(Object given) throws CommandException {
        if (given == null) {
            return config.passphrase()
                    .orElseThrow(() -> new CommandException(
                            "a passphrase is needed: give one, or set backup.passphrase for all backups that are kept"))
                    .toCharArray();
        }
        if (given instanceof String text && text.length() >= BackupConfig.SHORTEST) {
            return text.toCharArray();
        }
        throw new CommandException("the passphrase must have at least " + BackupConfig.SHORTEST + " characters");
    }

    private Object fetch(Map<String, Object> arguments, Reply reply) throws IOException, CommandException {
        String name = String.valueOf(arguments.get("name"));
        var file = kept.find(name).orElseThrow(() -> unknown(name));
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return send(channel, reply);
        }
    }

    private Object remove(Map<String, Object> arguments, Reply reply) throws IOException, CommandException {
        String name = String.valueOf(arguments.get("name"));
        if (!kept.remove(name)) {
            throw unknown(name);
        }
        return Map.of("removed", name);
    }

    private Object receive(Map<String, Object> arguments, Reply reply) throws IOException, CommandException {
        if (arguments.get("stream") instanceof InputStream stream) {
            return Map.of("upload", receive(stream));
        }
        throw new CommandException("the argument 'stream' is missing");
    }

    String receive(InputStream stream) throws IOException, CommandException {
        return restoring.receive(stream);
    }

    /** {@code name} or {@code upload}, with {@code passphrase}. */
    Map<String, String> restore(Map<String, Object> arguments) throws IOException, CommandException {
        Path file;
        if (arguments.get("upload") instanceof String upload) {
            file = restoring.upload(upload)
                    .orElseThrow(() -> new CommandException("the file is gone; send it again"));
        } else {
            String name = String.valueOf(arguments.get("name"));
            file = kept.find(name).orElseThrow(() -> unknown(name));
        }
        char[] passphrase = String.valueOf(arguments.getOrDefault("passphrase", "")).toCharArray();
        try {
            Map<String, String> facts = restoring.restore(file, passphrase);
            restoring.restart();
            return facts;
        } finally {
            Arrays.fill(passphrase, '\0');
        }
    }

    private static CommandException unknown(String name) {
        return new CommandException("there is no backup '" + name + "'; see: culvert backups");
    }

    private static Map<String, Object> send(FileChannel file, Reply reply) throws IOException, CommandException {
        MessageDigest digest = sha256();
        ByteBuffer part = ByteBuffer.allocate(PART);
        long bytes = 0;
        while (file.read(part) >= 0 || part.position() > 0) {
            part.flip();
            byte[] data = Arrays.copyOf(part.array(), part.limit());
            digest.update(data);
            bytes += data.length;
            if (!reply.send(Map.of("data", Base64.getEncoder().encodeToString(data)))) {
                throw new CommandException("nobody listens any more");
            }
            part.clear();
        }
        var sent = new LinkedHashMap<String, Object>();
        sent.put("bytes", bytes);
        sent.put("sha256", HexFormat.of().formatHex(digest.digest()));
        return sent;
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Body {
        Object run(Map<String, Object> arguments, Reply reply) throws IOException, StoreException, CommandException;
    }

    private record Named(String name, Body body) implements Command {
        @Override
        public Object run(Map<String, Object> arguments, Reply reply) throws CommandException {
            try {
                return body.run(arguments, reply);
            } catch (IOException | StoreException e) {
                throw new CommandException(name + ": " + e.getMessage(), e);
            }
        }
    }

    private static Command command(String name, Body body) {
        return new Named(name, body);
    }
}
