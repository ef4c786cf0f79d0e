package io.culvert.control.config;

import io.culvert.control.config.Schema.Attribute;
import io.culvert.control.config.Schema.Type;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Three modules: {@code core}, {@code pki} without settings, and {@code tunnel.openvpn} with instances. */
final class FixedSchemas implements Schemas {
    private final Map<String, Schema> schemas = new LinkedHashMap<>();

    FixedSchemas() {
        add("core", false,
                attribute("mtu", Type.INTEGER, false, "1420", "576", "9000"),
                attribute("tun", Type.STRING, false, "culvert0", "1", "15"),
                attribute("masquerade", Type.BOOLEAN, false, "true", "", ""),
                attribute("routes", Type.STRING, true, "", "", ""),
                attribute("secret", Type.PASSWORD, false, "", "", ""));
        add("pki", false);
        add("tunnel.openvpn", true,
                attribute("port", Type.INTEGER, false, "1194", "1", "65535"),
                new Attribute("transport", Type.STRING, false, Optional.empty(), Optional.empty(), List.of("udp", "tcp"),
                        List.of("udp")));
    }

    private static Attribute attribute(
            String id, Type type, boolean list, String defaults, String min, String max) {
        return new Attribute(
                id,
                type,
                list,
                Optional.of(min).filter(text -> !text.isEmpty()),
                Optional.of(max).filter(text -> !text.isEmpty()),
                List.of(),
                defaults.isEmpty() ? List.of() : List.of(defaults));
    }

    private void add(String module, boolean factory, Attribute... attributes) {
        var byId = new LinkedHashMap<String, Attribute>();
        for (Attribute attribute : attributes) {
            byId.put(attribute.id(), attribute);
        }
        schemas.put(module, new Schema("io.culvert." + module, factory, byId));
    }

    @Override
    public Set<String> modules() {
        return schemas.keySet();
    }

    @Override
    public Optional<Schema> schema(String module) {
        return Optional.ofNullable(schemas.get(module));
    }
}
