package io.culvert.swap.repository;

import io.culvert.swap.repository.Offer.Capability;
import io.culvert.swap.repository.Offer.Requirement;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.osgi.framework.Version;

/** Reads an OSGi repository index (Compendium 132.5), as far as modules need it. */
final class RepositoryIndex {
    private static final String PREFIX = "io.culvert.";
    /** bnd's own: leads to the imports of a jar's parts for newer Java versions, resources without content. */
    private static final String MULTI_RELEASE = "bnd.multirelease";
    private static final int MAX_OFFERS = 10_000;

    private final XMLStreamReader in;
    private final List<Offer> offers = new ArrayList<>();

    private RepositoryIndex(XMLStreamReader in) {
        this.in = in;
    }

    /** @throws IOException in one line when it is no index */
    static List<Offer> read(InputStream xml) throws IOException {
        var factory = XMLInputFactory.newDefaultFactory();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        try {
            return new RepositoryIndex(factory.createXMLStreamReader(xml)).read();
        } catch (XMLStreamException | IllegalArgumentException e) {
            throw new IOException("the index is damaged: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
    }

    private List<Offer> read() throws XMLStreamException {
        while (in.hasNext()) {
            if (in.next() == XMLStreamConstants.START_ELEMENT && in.getLocalName().equals("resource")) {
                resource();
                if (offers.size() > MAX_OFFERS) {
                    throw new IllegalArgumentException("more than " + MAX_OFFERS + " resources");
                }
            }
        }
        return List.copyOf(offers);
    }

    private void resource() throws XMLStreamException {
        var requirements = new ArrayList<Requirement>();
        var capabilities = new ArrayList<Capability>();
        while (!atEnd("resource")) {
            if (in.next() != XMLStreamConstants.START_ELEMENT) {
                continue;
            }
            if (in.getLocalName().equals("requirement")) {
                requirement(requirements);
            } else if (in.getLocalName().equals("capability")) {
                capabilities.add(capability());
            }
        }
        Map<String, Object> identity = attributes(capabilities, "osgi.identity");
        Map<String, Object> content = attributes(capabilities, "osgi.content");
        if (identity.get("osgi.identity") instanceof String name && name.startsWith(PREFIX)
                && identity.get("version") instanceof Version version
                && content.get("osgi.content") instanceof String sha256 && sha256.matches("[0-9a-fA-F]{64}")
                && content.get("url") instanceof String url
                && content.get("size") instanceof Long size && size > 0) {
            offers.add(new Offer(name.substring(PREFIX.length()), version, url,
                    sha256.toLowerCase(java.util.Locale.ROOT), size, List.copyOf(requirements), List.copyOf(capabilities)));
        }
    }

    private static Map<String, Object> attributes(List<Capability> capabilities, String namespace) {
        return capabilities.stream()
                .filter(capability -> capability.namespace().equals(namespace))
                .findFirst()
                .map(Capability::attributes)
                .orElse(Map.of());
    }

    private void requirement(List<Requirement> requirements) throws XMLStreamException {
        String namespace = String.valueOf(in.getAttributeValue(null, "namespace"));
        var directives = new HashMap<String, String>();
        while (!atEnd("requirement")) {
            if (in.next() == XMLStreamConstants.START_ELEMENT && in.getLocalName().equals("directive")) {
                directives.put(in.getAttributeValue(null, "name"), in.getAttributeValue(null, "value"));
            }
        }
        boolean mandatory = !"optional".equals(directives.get("resolution"))
                && "resolve".equals(directives.getOrDefault("effective", "resolve"))
                && !namespace.equals(MULTI_RELEASE);
        if (mandatory) {
            requirements.add(new Requirement(namespace, directives.getOrDefault("filter", "")));
        }
    }

    private Capability capability() throws XMLStreamException {
        String namespace = String.valueOf(in.getAttributeValue(null, "namespace"));
        var attributes = new HashMap<String, Object>();
        while (!atEnd("capability")) {
            if (in.next() == XMLStreamConstants.START_ELEMENT && in.getLocalName().equals("attribute")) {
                attributes.put(in.getAttributeValue(null, "name"),
                        value(in.getAttributeValue(null, "type"), in.getAttributeValue(null, "value")));
            }
        }
        return new Capability(namespace, Map.copyOf(attributes));
    }

    private boolean atEnd(String element) {
        return in.getEventType() == XMLStreamConstants.END_ELEMENT && in.getLocalName().equals(element);
    }

    private static Object value(String type, String value) {
        return switch (type == null ? "String" : type) {
            case "Version" -> Version.parseVersion(value);
            case "Long" -> Long.valueOf(value);
            case "Double" -> Double.valueOf(value);
            case "List<Version>" -> split(value).stream().map(Version::parseVersion).toList();
            case "List<String>" -> split(value);
            default -> value;
        };
    }

    private static List<String> split(String value) {
        return List.of(value.split("\\s*,\\s*"));
    }
}
