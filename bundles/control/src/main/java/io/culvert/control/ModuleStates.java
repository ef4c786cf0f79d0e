package io.culvert.control;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What operators did to modules, from {@code var/modules/state.json}, which the bundle {@code swap} writes. */
final class ModuleStates {
    private static final Logger LOG = LoggerFactory.getLogger(ModuleStates.class);

    private final Path file;

    ModuleStates(Path file) {
        this.file = file;
    }

    /** Ids of the modules that must not run although the settings name them: stopped or removed ones. */
    Set<String> off() {
        var off = new HashSet<String>();
        if (!Files.exists(file)) {
            return off;
        }
        try {
            if (JSON.std.mapFrom(Files.readString(file)).get("modules") instanceof Map<?, ?> modules) {
                modules.forEach((id, entry) -> {
                    if (entry instanceof Map<?, ?> map && !"running".equals(map.get("standing"))) {
                        off.add(String.valueOf(id));
                    }
                });
            }
        } catch (IOException e) {
            LOG.warn("control: {} is unreadable, {}", file, e.getMessage());
        }
        return off;
    }
}
