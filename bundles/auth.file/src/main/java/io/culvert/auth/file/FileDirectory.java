package io.culvert.auth.file;

import io.culvert.api.auth.AccessCheck;
import io.culvert.api.auth.PeerIdentity;
import io.culvert.api.auth.UserDirectory;
import java.io.IOException;
import java.util.Optional;

/** Who is in the file, and whether a peer that has come in may stay. */
final class FileDirectory implements UserDirectory, AccessCheck {
    private final UsersFile file;
    private final boolean otherUsers;

    /** @param otherUsers whether there is nothing against users who are not in the file */
    FileDirectory(UsersFile file, boolean otherUsers) {
        this.file = file;
        this.otherUsers = otherUsers;
    }

    @Override
    public Optional<User> find(String name) throws IOException {
        return file.read()
                .find(name)
                .map(user -> new User(user.name(), user.enabled(), user.password().isPresent()));
    }

    @Override
    public Optional<String> refusal(PeerIdentity peer) throws IOException {
        Users users = file.read();
        Optional<Users.User> user = users.find(peer.user());
        if (user.isPresent()) {
            return user.get().enabled() ? Optional.empty() : Optional.of("user " + peer.user() + " is disabled");
        }
        Optional<String> broken = users.brokenLineOf(peer.user())
                .map(line -> "user " + peer.user() + ": line " + line + " of etc/users is broken");
        return broken.isPresent() || otherUsers
                ? broken
                : Optional.of("user " + peer.user() + " is not in etc/users");
    }
}
