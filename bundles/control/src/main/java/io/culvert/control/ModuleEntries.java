package io.culvert.control;

import io.culvert.api.config.ModuleSettings;
import io.culvert.control.config.Settings;
import io.culvert.control.config.SettingsException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** The settings, as far as who changes modules needs them. */
final class ModuleEntries implements ModuleSettings {
    private final Settings settings;
    private final ComponentLook look;

    ModuleEntries(Settings settings, ComponentLook look) {
        this.settings = settings;
        this.look = look;
    }

    @Override
    public Set<String> named() {
        return Set.copyOf(settings.plan().settings().children().keySet());
    }

    @Override
    public List<State> states() {
        return look.states(settings.plan());
    }

    @Override
    public boolean add(String module) throws IOException {
        try {
            return settings.add(module);
        } catch (SettingsException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public boolean remove(String module) throws IOException {
        try {
            return settings.remove(module);
        } catch (SettingsException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    @Override
    public Difference compare(String module, Path jar) throws IOException {
        return settings.compare(module, BundleSchemas.schema(module, jar));
    }
}
