package io.culvert.launcher;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The directory that holds everything an appliance keeps: settings, state, secrets and the control socket. */
record HomeDirectory(Path path) {
    /** What fits into {@code sockaddr_un.sun_path} with its terminating zero (unix(7)). */
    private static final int MAX_SOCKET_PATH = 107;

    private static final String PRIVATE = "rwx------";
    private static final String READABLE_BY_GROUP = "rwxr-x---";

    HomeDirectory {
        path = path.toAbsolutePath().normalize();
    }

    Path settings() {
        return path.resolve("etc/culvert.yaml");
    }

    Path socket() {
        return path.resolve("run/control.sock");
    }

    Path cache() {
        return path.resolve("run/felix-cache");
    }

    /** What operators changed about the modules. */
    Path modules() {
        return path.resolve("var/modules");
    }

    private Path lockFile() {
        return path.resolve("run/lock");
    }

    /** Creates what is missing; directories that hold secrets are for their owner only. */
    void create() {
        int length = socket().toString().getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_SOCKET_PATH) {
            throw new Failure("the path of " + socket() + " is " + length + " bytes long and a socket's may be "
                    + MAX_SOCKET_PATH + "; choose a shorter --home");
        }
        try {
            if (path.getParent() != null) {
                Files.createDirectories(path.getParent());
            }
            directory(path, READABLE_BY_GROUP);
            directory(path.resolve("etc"), PRIVATE);
            directory(path.resolve("var"), READABLE_BY_GROUP);
            directory(path.resolve("var/store"), PRIVATE);
            directory(path.resolve("var/config"), PRIVATE);
            directory(path.resolve("var/modules"), PRIVATE);
            directory(path.resolve("var/log"), READABLE_BY_GROUP);
            directory(path.resolve("run"), PRIVATE);
        } catch (IOException e) {
            throw new Failure("cannot create " + path + ": " + Errors.line(e) + "; choose another --home, or become root");
        }
    }

    private static void directory(Path directory, String mode) throws IOException {
        var permissions = PosixFilePermissions.fromString(mode);
        try {
            Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(permissions));
        } catch (FileAlreadyExistsException e) {
            tighten(directory, permissions);
        }
    }

    /** Takes away what {@code permissions} does not grant: a copied home must not stay open to the world. */
    private static void tighten(Path directory, Set<PosixFilePermission> permissions) throws IOException {
        var present = Files.getPosixFilePermissions(directory);
        if (!permissions.containsAll(present)) {
            present.retainAll(permissions);
            Files.setPosixFilePermissions(directory, present);
        }
    }

    /** Writes the settings of a first run. Gives whether it did. */
    boolean writeDefaultSettings(String text) {
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        try (var file = FileChannel.open(
                settings(), Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), mode)) {
            file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            file.force(true);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } catch (IOException e) {
            throw new Failure("cannot write " + settings() + ": " + Errors.line(e));
        }
    }

    /** Holds the home for this process until it ends. */
    FileLock lock() {
        try {
            var lock = tryLock();
            if (lock == null) {
                throw new Failure("culvert is already running in " + path + holder() + "; stop it with: culvert --home "
                        + path + " stop");
            }
            var channel = lock.acquiredBy();
            if (channel instanceof FileChannel file) {
                file.truncate(0);
                file.write(ByteBuffer.wrap(
                        (ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.US_ASCII)));
            }
            return lock;
        } catch (IOException e) {
            throw new Failure("cannot lock " + lockFile() + ": " + Errors.line(e));
        }
    }

    private @Nullable FileLock tryLock() throws IOException {
        var mode = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
        var channel = FileChannel.open(
                lockFile(), Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), mode);
        var lock = channel.tryLock();
        if (lock == null) {
            channel.close();
        }
        return lock;
    }

    /** Whether a process holds the home. */
    boolean locked() {
        if (!Files.exists(lockFile())) {
            return false;
        }
        try {
            var lock = tryLock();
            if (lock == null) {
                return true;
            }
            lock.acquiredBy().close();
            return false;
        } catch (IOException e) {
            throw new Failure("cannot look at " + lockFile() + ": " + Errors.line(e));
        }
    }

    private String holder() {
        try {
            var pid = Files.readString(lockFile()).strip();
            return pid.isEmpty() ? "" : " (process " + pid + ")";
        } catch (IOException e) {
            return "";
        }
    }
}
