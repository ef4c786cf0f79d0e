package io.culvert.control.config;

import io.culvert.control.config.Schema.Attribute;
import io.culvert.control.config.Schema.Type;
import io.culvert.control.config.Schema.Words;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** Reads the Metatype documents of a bundle, {@code OSGI-INF/metatype/*.xml} (OSGi Compendium, chapter 105.7). */
public final class MetatypeReader {
    private final Map<String, ObjectClass> classes = new LinkedHashMap<>();
    private final List<Designate> designates = new ArrayList<>();

    private record ObjectClass(String name, String description, Map<String, Attribute> attributes) {
        static final ObjectClass NONE = new ObjectClass("", "", Map.of());
    }

    private record Designate(String pid, boolean factory, String classId) {}

    /** Takes up one document. */
    public void add(InputStream document) throws IOException {
        var factory = XMLInputFactory.newInstance();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        try {
            parse(factory.createXMLStreamReader(document));
        } catch (XMLStreamException | IllegalArgumentException e) {
            throw new IOException("unreadable Metatype document: " + e.getMessage(), e);
        }
    }

    /** The schema of configuration {@code pid}; empty when no document names it. */
    public Optional<Schema> schema(String pid) {
        return designates.stream()
                .filter(designate -> designate.pid.equals(pid))
                .findFirst()
                .map(designate -> {
                    ObjectClass found = classes.getOrDefault(designate.classId, ObjectClass.NONE);
                    return new Schema(pid, designate.factory, found.name, found.description, found.attributes);
                });
    }

    private void parse(XMLStreamReader xml) throws XMLStreamException {
        Map<String, Attribute> attributes = new LinkedHashMap<>();
        String pid = "";
        boolean factory = false;
        while (xml.hasNext()) {
            if (xml.next() != XMLStreamConstants.START_ELEMENT) {
                continue;
            }
            switch (xml.getLocalName()) {
                case "OCD" -> {
                    attributes = new LinkedHashMap<>();
                    classes.put(
                            text(xml, "id").orElse(""),
                            new ObjectClass(
                                    text(xml, "name").orElse(""), text(xml, "description").orElse(""), attributes));
                }
                case "AD" -> {
                    Attribute attribute = attribute(xml);
                    attributes.put(attribute.id(), attribute);
                }
                case "Designate" -> {
                    factory = text(xml, "factoryPid").isPresent();
                    pid = text(xml, factory ? "factoryPid" : "pid").orElse("");
                }
                case "Object" -> designates.add(new Designate(pid, factory, text(xml, "ocdref").orElse("")));
                default -> {
                    // MetaData, Icon and extensions say nothing about values.
                }
            }
        }
    }

    /** Reads an AD element with the Option elements in it. */
    private static Attribute attribute(XMLStreamReader xml) throws XMLStreamException {
        String id = text(xml, "id").orElse("");
        Type type = Type.valueOf(text(xml, "type").orElse("String").toUpperCase(Locale.ROOT));
        boolean list = !text(xml, "cardinality").orElse("0").equals("0");
        Optional<String> min = text(xml, "min");
        Optional<String> max = text(xml, "max");
        List<String> defaults =
                text(xml, "default").map(value -> list ? split(value) : List.of(unescaped(value))).orElse(List.of());
        String name = text(xml, "name").orElse(id);
        String description = text(xml, "description").orElse("");
        // The document's own default is "required"; a setting with a default need not be typed.
        boolean required = text(xml, "required").map(Boolean::parseBoolean).orElse(true) && text(xml, "default").isEmpty();
        List<String> options = new ArrayList<>();
        List<String> labels = new ArrayList<>();
        for (int depth = 1; depth > 0; ) {
            switch (xml.next()) {
                case XMLStreamConstants.START_ELEMENT -> {
                    depth++;
                    if (xml.getLocalName().equals("Option")) {
                        String value = text(xml, "value").orElse("");
                        options.add(value);
                        labels.add(text(xml, "label").filter(label -> !label.isEmpty()).orElse(value));
                    }
                }
                case XMLStreamConstants.END_ELEMENT -> depth--;
                default -> {
                    // White space.
                }
            }
        }
        return new Attribute(
                id,
                type,
                list,
                min,
                max,
                List.copyOf(options),
                defaults,
                new Words(name, description, List.copyOf(labels), required));
    }

    /** Commas separate, a backslash takes the next character as it is (chapter 105.7.4). */
    private static List<String> split(String value) {
        if (value.isBlank()) {
            return List.of();
        }
        List<String> parts = new ArrayList<>();
        var part = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\' && i + 1 < value.length()) {
                part.append(value.charAt(++i));
            } else if (c == ',') {
                parts.add(part.toString().strip());
                part.setLength(0);
            } else {
                part.append(c);
            }
        }
        parts.add(part.toString().strip());
        return List.copyOf(parts);
    }

    private static String unescaped(String value) {
        return value.replaceAll("\\\\(.)", "$1");
    }

    private static Optional<String> text(XMLStreamReader xml, String attribute) {
        return Optional.ofNullable(xml.getAttributeValue(null, attribute));
    }
}
