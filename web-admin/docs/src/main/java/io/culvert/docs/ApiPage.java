package io.culvert.docs;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Every call of the API, from the OpenAPI document of the server. */
final class ApiPage {
    private ApiPage() {}

    /** @param rest where the server's sources lie, the document among them */
    static String text(Path rest) throws IOException {
        return text(JSON.std.mapFrom(Files.readString(rest.resolve("src/main/openapi/culvert.json"))));
    }

    static String text(Map<String, Object> openApi) {
        var page = new StringBuilder("""
                # API

                Everything the console does goes over this API: JSON over HTTPS, errors as `application/problem+json` (RFC 9457)
                with `code`, `title` and `fields`. A running appliance describes its own, modules' additions included, at
                `/api/v1/openapi.json`; client generators read that. Scripts sign in with a token that an administrator makes in
                the console:

                ```
                curl --cacert culvert-ca.pem -H "Authorization: Bearer $TOKEN" https://vpn.example.org:8443/api/v1/sessions
                ```

                Root on the machine itself needs no token: the socket that the command line uses speaks HTTP too.

                ```
                curl --unix-socket /var/lib/culvert/run/control.sock http://localhost/api/v1/sessions
                ```

                The roles: a *viewer* sees everything but secrets, an *operator* changes how the appliance runs, *users* adds and
                removes people, an *administrator* may do everything. *Self* is a VPN user who changes what is their own. Calls of
                [backup](backup.md) and [monitoring](monitoring.md) are described on their pages.

                """);
        Map<String, StringBuilder> tables = new TreeMap<>();
        new TreeMap<>(map(openApi.get("paths"))).forEach((path, methods) -> map(methods).forEach((method, value) -> {
            Map<String, Object> call = map(value);
            tables.computeIfAbsent(tag(call), tag -> new StringBuilder("| call | role | what it does | body | answer |\n|---|---|---|---|---|\n"))
                    .append("| ").append(Markdown.code(method.toUpperCase(Locale.ROOT) + " " + path))
                    .append(" | ").append(Markdown.text(String.valueOf(call.getOrDefault("x-role", "none"))))
                    .append(" | ").append(Markdown.text(String.valueOf(call.getOrDefault("summary", ""))))
                    .append(" | ").append(shape(map(call.get("requestBody"))))
                    .append(" | ").append(answer(map(call.get("responses")))).append(" |\n");
        }));
        tables.forEach((tag, table) -> page.append("## ").append(Markdown.text(tag)).append("\n\n").append(table).append('\n'));
        page.append("## Shapes\n\nA field with `?` may be absent or null.\n\n");
        new TreeMap<>(map(map(openApi.get("components")).get("schemas")))
                .forEach((name, schema) -> page.append(schema(name, map(schema))));
        return page.toString();
    }

    private static String tag(Map<String, Object> call) {
        return call.get("tags") instanceof List<?> tags && !tags.isEmpty() ? String.valueOf(tags.getFirst()) : "other";
    }

    private static String answer(Map<String, Object> responses) {
        return responses.entrySet().stream()
                .filter(each -> each.getKey().startsWith("2"))
                .map(each -> (each.getKey() + " " + shape(map(each.getValue()))).strip())
                .reduce((one, other) -> one + ", " + other)
                .orElse("");
    }

    private static String shape(Map<String, Object> holder) {
        return map(holder.get("content")).entrySet().stream()
                .map(each -> each.getKey().contains("json") ? type(map(map(each.getValue()).get("schema"))) : Markdown.code(each.getKey()))
                .reduce((one, other) -> one + " or " + other)
                .orElse("");
    }

    private static String schema(String name, Map<String, Object> schema) {
        List<?> required = schema.get("required") instanceof List<?> list ? list : List.of();
        var text = new StringBuilder("### ").append(name).append("\n\n");
        Map<String, Object> properties = map(schema.get("properties"));
        if (properties.isEmpty()) {
            return text.append(type(schema)).append("\n\n").toString();
        }
        text.append("| field | type |\n|---|---|\n");
        properties.forEach((field, value) -> text.append("| ")
                .append(Markdown.code(field + (required.contains(field) ? "" : "?")))
                .append(" | ").append(type(map(value))).append(" |\n"));
        return text.append('\n').toString();
    }

    private static String type(Map<String, Object> schema) {
        if (schema.get("$ref") instanceof String ref) {
            String name = ref.substring(ref.lastIndexOf('/') + 1);
            return "[" + name + "](#" + name.toLowerCase(Locale.ROOT) + ")";
        }
        if (schema.get("enum") instanceof List<?> values) {
            return String.join(", ", values.stream().map(each -> Markdown.code(String.valueOf(each))).toList());
        }
        for (String several : List.of("oneOf", "anyOf")) {
            if (schema.get(several) instanceof List<?> choices) {
                return String.join(" or ", choices.stream().map(each -> type(map(each))).toList());
            }
        }
        String type = schema.get("type") instanceof List<?> types
                ? types.stream().map(String::valueOf).filter(each -> !each.equals("null")).findFirst().orElse("")
                : String.valueOf(schema.getOrDefault("type", "anything"));
        return switch (type) {
            case "array" -> "list of " + type(map(schema.get("items")));
            case "object" -> Optional.of(map(schema.get("additionalProperties")))
                    .filter(each -> !each.isEmpty())
                    .map(each -> "map to " + type(each))
                    .orElse("object");
            default -> type + (schema.get("format") instanceof String format ? " (" + format + ")" : "");
        };
    }

    private static Map<String, Object> map(Object value) {
        var map = new java.util.LinkedHashMap<String, Object>();
        if (value instanceof Map<?, ?> present) {
            present.forEach((name, each) -> map.put(String.valueOf(name), each));
        }
        return map;
    }
}
