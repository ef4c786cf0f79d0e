package io.culvert.web.rest.resource;

import io.culvert.api.command.Command;
import io.culvert.api.config.ModuleSettings;
import io.culvert.api.status.LiveSessions;
import io.culvert.api.status.PathWatch;
import io.culvert.api.store.Store;
import io.culvert.api.web.AuditTrail;
import java.util.Optional;

/** An appliance of which nothing runs. */
public final class NothingRuns implements Appliance.Services {
    @Override
    public Optional<Command> command(String name) {
        return Optional.empty();
    }

    @Override
    public Optional<LiveSessions> sessions() {
        return Optional.empty();
    }

    @Override
    public Optional<PathWatch> path() {
        return Optional.empty();
    }

    @Override
    public Optional<ModuleSettings> modules() {
        return Optional.empty();
    }

    @Override
    public Optional<Store> store() {
        return Optional.empty();
    }

    @Override
    public Optional<AuditTrail> audit() {
        return Optional.empty();
    }
}
