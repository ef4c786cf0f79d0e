package io.culvert.web.ui;

import io.culvert.api.web.WebContent;
import java.io.IOException;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Gives the console's files, which lie in this bundle below {@code console/}, to the web server. */
@Component
public final class ConsoleComponent implements WebContent {
    private static final String ROOT = "console/";
    private final Console console;

    @Activate
    public ConsoleComponent(BundleContext context) throws IOException {
        console = new Console(read(context.getBundle()));
    }

    @Override
    public String prefix() {
        return console.prefix();
    }

    @Override
    public Optional<Content> find(String path) {
        return console.find(path);
    }

    private static Map<String, byte[]> read(Bundle bundle) throws IOException {
        var files = new HashMap<String, byte[]>();
        for (var url : Collections.list(bundle.findEntries(ROOT, "*", true))) {
            if (!url.getPath().endsWith("/")) {
                try (var in = url.openStream()) {
                    files.put(url.getPath().substring(1 + ROOT.length()), in.readAllBytes());
                }
            }
        }
        return files;
    }
}
