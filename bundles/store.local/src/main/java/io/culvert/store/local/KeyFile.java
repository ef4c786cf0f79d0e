package io.culvert.store.local;

import io.culvert.api.store.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/** The store's key: 32 random bytes in a file of the mode 0600. */
final class KeyFile {
    static final int LENGTH = 32;

    private static final Set<PosixFilePermission> OTHERS = PosixFilePermissions.fromString("---rwxrwx");

    private final Path path;

    KeyFile(Path path) {
        this.path = path;
    }

    /** The key; a new one if there is neither a key nor a database that needs one. */
    byte[] read(Path database, SecureRandom random) throws StoreException {
        try {
            if (!Files.exists(path)) {
                if (Files.exists(database)) {
                    throw new StoreException("store local: " + database + " exists but its key " + path
                            + " is missing: restore the key from the backup; without it the records are lost, and"
                            + " moving " + path.getParent() + " away begins with an empty store");
                }
                create(random);
            }
            Set<PosixFilePermission> permissions = EnumSet.copyOf(Files.getPosixFilePermissions(path));
            permissions.retainAll(OTHERS);
            if (!permissions.isEmpty()) {
                throw new StoreException("store local: " + path + " can be read or written by other users: chmod 600 "
                        + path + ", and find out who has read it");
            }
            byte[] key = Files.readAllBytes(path);
            if (key.length != LENGTH) {
                int found = key.length;
                Arrays.fill(key, (byte) 0);
                throw new StoreException("store local: " + path + " has " + found + " bytes instead of " + LENGTH
                        + ": restore the key from the backup");
            }
            return key;
        } catch (IOException e) {
            throw new StoreException("store local: cannot read " + path + ": " + StoreFiles.reason(e), e);
        }
    }

    /** Nobody ever sees half a key, and no record is sealed under one that power loss can take away. */
    private void create(SecureRandom random) throws IOException {
        byte[] key = new byte[LENGTH];
        random.nextBytes(key);
        Path unfinished = path.resolveSibling(path.getFileName() + ".new");
        try {
            Files.deleteIfExists(unfinished);
            try (FileChannel channel = FileChannel.open(
                    unfinished,
                    EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    StoreFiles.PRIVATE_FILE)) {
                ByteBuffer bytes = ByteBuffer.wrap(key);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(unfinished, path, StandardCopyOption.ATOMIC_MOVE);
            StoreFiles.sync(path.getParent());
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }
}
