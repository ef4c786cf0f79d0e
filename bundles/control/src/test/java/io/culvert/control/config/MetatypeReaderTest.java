package io.culvert.control.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MetatypeReaderTest {
    private static final String DOCUMENT = """
            <?xml version="1.0" encoding="UTF-8"?>
            <metatype:MetaData xmlns:metatype="http://www.osgi.org/xmlns/metatype/v1.4.0">
              <OCD id="x.Settings" name="X">
                <AD id="port" type="Integer" default="1194" min="1" max="65535"/>
                <AD id="names" type="String" cardinality="2147483647" default="a,b\\,c"/>
                <AD id="title" type="String" default="Culvert\\ CA"/>
                <AD id="transport" type="String"><Option label="UDP" value="udp"/><Option label="TCP" value="tcp"/></AD>
                <AD id="token" type="Password"/>
              </OCD>
              <Designate factoryPid="io.culvert.x"><Object ocdref="x.Settings"/></Designate>
            </metatype:MetaData>
            """;

    private static Optional<Schema> read(String document, String pid) throws IOException {
        var reader = new MetatypeReader();
        reader.add(new ByteArrayInputStream(document.getBytes(StandardCharsets.UTF_8)));
        return reader.schema(pid);
    }

    @Test
    void shouldReadTypesRangesOptionsAndDefaults() throws IOException {
        Schema schema = read(DOCUMENT, "io.culvert.x").orElseThrow();
        assertTrue(schema.factory());
        assertEquals(List.of("port", "names", "title", "transport", "token"), List.copyOf(schema.attributes().keySet()));
        assertEquals(Optional.of("65535"), schema.attributes().get("port").max());
        assertEquals(List.of("a", "b,c"), schema.attributes().get("names").defaults());
        assertEquals(List.of("Culvert CA"), schema.attributes().get("title").defaults());
        assertEquals(List.of("udp", "tcp"), schema.attributes().get("transport").options());
        assertTrue(schema.attributes().get("token").type().secret());
    }

    @Test
    void shouldKnowNothingOfAnotherPid() throws IOException {
        assertTrue(read(DOCUMENT, "io.culvert.y").isEmpty());
    }

    @Test
    void shouldRefuseABrokenDocument() {
        assertThrows(IOException.class, () -> read("<metatype>", "io.culvert.x"));
    }

    @Test
    void shouldReadWhatPeopleRead() throws IOException {
        Schema schema = read(DOCUMENT, "io.culvert.x").orElseThrow();
        assertEquals("X", schema.name());
        assertEquals(List.of("UDP", "TCP"), schema.attributes().get("transport").words().labels());
        assertTrue(schema.attributes().get("transport").words().required());
        assertFalse(schema.attributes().get("port").words().required(), "a setting with a default need not be typed");
    }
}
