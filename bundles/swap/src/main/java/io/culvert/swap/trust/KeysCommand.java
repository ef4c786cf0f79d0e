package io.culvert.swap.trust;

import io.culvert.api.command.Command;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code module keys}: whose modules may run. {@code config set swap.trustedKeys} changes it. */
@Component
public final class KeysCommand implements Command {
    private final TrustComponent trust;

    @Activate
    public KeysCommand(@Reference TrustComponent trust) {
        this.trust = trust;
    }

    @Override
    public String name() {
        return "module keys";
    }

    @Override
    public List<Map<String, Object>> run(Map<String, Object> arguments, Reply reply) {
        return trust.keys().entrySet().stream().map(KeysCommand::row).toList();
    }

    private static Map<String, Object> row(Map.Entry<String, String> key) {
        var row = new LinkedHashMap<String, Object>();
        row.put("name", key.getValue());
        row.put("fingerprint", key.getKey());
        row.put("from", key.getValue().equals(TrustedKeys.RELEASE) ? "release" : "settings");
        return row;
    }
}
