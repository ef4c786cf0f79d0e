package io.culvert.web.rest.openapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.culvert.api.web.WebEndpoint;
import io.culvert.web.rest.server.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

class OpenApiTest {
    private final Map<String, Object> document = OpenApi.document(ExamplesTest.endpoints(), "0.1.0");

    @Test
    void shouldDescribeEveryEndpoint() {
        var paths = (Map<?, ?>) document.get("paths");
        var names = new HashSet<Object>();
        for (WebEndpoint endpoint : ExamplesTest.endpoints()) {
            var path = (Map<?, ?>) paths.get(endpoint.path());
            assertNotNull(path, endpoint.path());
            var operation = (Map<?, ?>) path.get(endpoint.method().toLowerCase(Locale.ROOT));
            assertNotNull(operation, endpoint.method() + " " + endpoint.path());
            assertTrue(names.add(operation.get("operationId")), "twice: " + operation.get("operationId"));
            assertFalse(endpoint.summary().isBlank());
            assertEquals(endpoint.role().name().toLowerCase(Locale.ROOT), operation.get("x-role"));
        }
    }

    @Test
    void shouldReferToNothingButWhatItHas() {
        String text = new Json().text(document);
        var schemas = (Map<?, ?>) ((Map<?, ?>) document.get("components")).get("schemas");
        var found = Pattern.compile("#/components/schemas/([A-Za-z]+)").matcher(text);
        while (found.find()) {
            assertTrue(schemas.containsKey(found.group(1)), found.group(1));
        }
    }

    /** The copy in the source tree is what clients are generated from; -Dculvert.write=true writes it anew. */
    @Test
    void shouldBeAsItsCopyInTheSources() throws Exception {
        Path copy = Path.of("src/main/openapi/culvert.json");
        var json = new Json();
        if (Boolean.getBoolean("culvert.write")) {
            Files.createDirectories(copy.getParent());
            // In an order that does not change, so that a difference shows what is different.
            var tidy = JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT, SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
                    .build();
            Files.write(copy, tidy.writeValueAsBytes(document));
        }
        assertEquals(
                json.read(json.write(document), Object.class),
                json.read(Files.readAllBytes(copy), Object.class),
                "write it anew: mvn -pl web-admin/rest -am verify -Dtest=OpenApiTest -Dculvert.write=true");
    }

    @Test
    void shouldSayWhatMayBeNull() {
        var schemas = new Schemas();
        record Thing(String name, @Nullable String note, List<Thing> parts) {}
        schemas.reference(Thing.class);
        var thing = (Map<?, ?>) schemas.named().get("Thing");
        assertEquals(List.of("name", "parts"), thing.get("required"));
        assertEquals(
                Map.of("type", List.of("string", "null")), ((Map<?, ?>) thing.get("properties")).get("note"));
    }
}
