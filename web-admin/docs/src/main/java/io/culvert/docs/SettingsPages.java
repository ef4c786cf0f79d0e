package io.culvert.docs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/** A page of settings for each module, from the Metatype documents in its jar, and a page that lists them. */
final class SettingsPages {
    private static final String OURS = "io.culvert.";

    private final Path built;

    /** @param built with {@code bundles} and {@code modules} */
    SettingsPages(Path built) {
        this.built = built;
    }

    /** A module as its jar describes it. */
    record Module(String id, String name, boolean shipped, List<Document> documents) {}

    void addTo(Site site) throws IOException {
        var index = new StringBuilder("""
                # Settings of every module

                Settings stand in `etc/culvert.yaml` below `modules:`, by the module's id; `culvert config set PATH VALUE` changes
                them in a running appliance, and `culvert config history` shows what was changed. A setting that is not there has
                its default. This list is made from what the modules of this release say of themselves.

                | module | what it is | in the release |
                |---|---|---|
                """);
        for (Module module : modules().values()) {
            String page = "settings-" + module.id() + ".md";
            boolean some = !module.documents().isEmpty();
            index.append("| ").append(some ? "[" + module.id() + "](" + page + ")" : Markdown.text(module.id()))
                    .append(" | ").append(Markdown.text(module.name()))
                    .append(" | ").append(module.shipped() ? "runs when it is named" : "to be installed first").append(" |\n");
            if (some) {
                site.add(page, page(module));
            }
        }
        site.add("settings.md", index.toString());
    }

    private Map<String, Module> modules() throws IOException {
        var modules = new TreeMap<String, Module>();
        for (String directory : List.of("modules", "bundles")) {
            try (var files = Files.walk(built.resolve(directory))) {
                for (Path file : files.filter(each -> each.getFileName().toString().startsWith(OURS)).toList()) {
                    if (file.toString().endsWith(".jar")) {
                        Module module = module(file, directory.equals("bundles"));
                        modules.put(module.id(), module);
                    }
                }
            }
        }
        if (modules.isEmpty()) {
            throw new IOException("no modules in " + built + ": build them first");
        }
        return modules;
    }

    private static Module module(Path file, boolean shipped) throws IOException {
        try (var jar = new JarFile(file.toFile())) {
            var attributes = jar.getManifest().getMainAttributes();
            String id = attributes.getValue("Bundle-SymbolicName").replaceFirst(";.*", "").substring(OURS.length());
            var documents = new ArrayList<Document>();
            for (Enumeration<JarEntry> all = jar.entries(); all.hasMoreElements(); ) {
                JarEntry entry = all.nextElement();
                if (entry.getName().startsWith("OSGI-INF/metatype/") && entry.getName().endsWith(".xml")) {
                    try (InputStream in = jar.getInputStream(entry)) {
                        documents.add(parse(in));
                    }
                }
            }
            return new Module(id, attributes.getValue("Bundle-Name").replaceFirst("^Culvert: ", ""), shipped, documents);
        }
    }

    private static Document parse(InputStream in) throws IOException {
        try {
            var factory = DocumentBuilderFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return factory.newDocumentBuilder().parse(in);
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException(e);
        }
    }

    static String page(Module module) {
        var page = new StringBuilder("# Settings of " + module.id() + "\n\n");
        for (Document document : module.documents()) {
            boolean instances = !elements(document.getDocumentElement(), "Designate").stream()
                    .filter(each -> !each.getAttribute("factoryPid").isEmpty()).toList().isEmpty();
            for (Element ocd : elements(document.getDocumentElement(), "OCD")) {
                page.append("**").append(Markdown.text(ocd.getAttribute("name"))).append(".** ")
                        .append(Markdown.text(ocd.getAttribute("description"))).append("\n\n")
                        .append(instances
                                ? "There may be several, each under a name of yours: `" + module.id() + ": { NAME: { … } }`.\n\n"
                                : "")
                        .append("| setting | what it is | default | accepted |\n|---|---|---|---|\n");
                elements(ocd, "AD").forEach(each -> page.append(row(each)));
                page.append("\n");
            }
        }
        return page.append("[All modules](settings.md)\n").toString();
    }

    private static String row(Element attribute) {
        String cardinality = attribute.getAttribute("cardinality");
        boolean list = !cardinality.isEmpty() && !cardinality.equals("0");
        String name = attribute.getAttribute("name");
        String shown = attribute.getAttribute("description");
        return "| " + Markdown.code(attribute.getAttribute("id"))
                + " | " + (name.isEmpty() ? "" : "**" + Markdown.text(name) + ".** ") + Markdown.text(shown)
                + " | " + Markdown.code(attribute.getAttribute("default"))
                + " | " + accepted(attribute) + (list ? ", a list" : "")
                + (attribute.getAttribute("required").equals("false") ? ", optional" : "") + " |\n";
    }

    private static String accepted(Element attribute) {
        List<Element> options = elements(attribute, "Option");
        if (!options.isEmpty()) {
            return String.join(", ", options.stream().map(each -> Markdown.code(each.getAttribute("value"))).toList());
        }
        String type = switch (attribute.getAttribute("type")) {
            case "Boolean" -> "`true` or `false`";
            case "Integer", "Long", "Short", "Byte" -> "whole number";
            case "Double", "Float" -> "number";
            case "Password" -> "secret text";
            default -> "text";
        };
        String min = attribute.getAttribute("min");
        String max = attribute.getAttribute("max");
        if (min.isEmpty() && max.isEmpty()) {
            return type;
        }
        return type + (min.isEmpty() ? "" : " from " + min) + (max.isEmpty() ? "" : " to " + max);
    }

    private static List<Element> elements(Element in, String name) {
        NodeList found = in.getElementsByTagName(name);
        var elements = new ArrayList<Element>();
        for (int i = 0; i < found.getLength(); i++) {
            elements.add((Element) found.item(i));
        }
        return elements;
    }
}
