package io.culvert.control.config;

import io.culvert.control.config.Node.Branch;
import io.culvert.control.config.Node.Items;
import io.culvert.control.config.Node.Leaf;
import io.culvert.control.config.Node.Place;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Reads YAML into {@link Node}s. Only the tree is read: no tags, and no aliases, which can make a short text
 * arbitrarily large.
 */
public final class YamlReader {
    static final int MAX_BYTES = 1 << 20;
    private static final int MAX_DEPTH = 16;

    private final String source;
    private final Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private YamlReader(String source) {
        this.source = source;
    }

    /**
     * Reads one document; an empty one is an empty branch.
     *
     * @param source for messages: the file's name
     * @throws SettingsException naming line and column of the first mistake
     */
    public static Node read(String text, String source) throws SettingsException {
        if (text.length() > MAX_BYTES) {
            throw new SettingsException(source + ": longer than " + MAX_BYTES + " characters");
        }
        var options = new LoaderOptions();
        options.setNestingDepthLimit(MAX_DEPTH);
        options.setCodePointLimit(MAX_BYTES);
        options.setMaxAliasesForCollections(0);
        try {
            var root = new Yaml(options).compose(new StringReader(text));
            return root == null
                    ? new Branch(Map.of(), new Place(source, 1, 1))
                    : new YamlReader(source).node(root);
        } catch (MarkedYAMLException e) {
            Mark mark = e.getProblemMark() != null ? e.getProblemMark() : e.getContextMark();
            String what = e.getProblem() != null ? e.getProblem() : e.getContext();
            throw new SettingsException(
                    (mark == null ? source + ": " : place(source, mark).prefix()) + "not YAML: " + oneLine(what));
        } catch (YAMLException e) {
            throw new SettingsException(source + ": not YAML: " + oneLine(e.getMessage()));
        }
    }

    private Node node(org.yaml.snakeyaml.nodes.Node yaml) throws SettingsException {
        Place at = place(source, yaml.getStartMark());
        if (!seen.add(yaml)) {
            throw new SettingsException(at.prefix() + "aliases (*name) are not read; write the value out");
        }
        return switch (yaml) {
            case MappingNode mapping -> branch(mapping, at);
            case SequenceNode sequence -> items(sequence, at);
            case ScalarNode scalar -> leaf(scalar, at);
            default -> throw new SettingsException(at.prefix() + "neither a value, a list nor a mapping");
        };
    }

    private Branch branch(MappingNode mapping, Place at) throws SettingsException {
        var children = new LinkedHashMap<String, Node>();
        for (NodeTuple tuple : mapping.getValue()) {
            Place keyAt = place(source, tuple.getKeyNode().getStartMark());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                throw new SettingsException(keyAt.prefix() + "a name must be a plain word");
            }
            if (children.containsKey(key.getValue())) {
                throw new SettingsException(keyAt.prefix() + "'" + key.getValue() + "' appears twice");
            }
            Node child = node(tuple.getValueNode());
            // A value's place is its name's: that is where a person looks, and an empty value has no place of its own.
            children.put(key.getValue(), moved(child, keyAt));
        }
        return new Branch(children, at);
    }

    private static Node moved(Node node, Place at) {
        return switch (node) {
            case Branch(var children, _) -> new Branch(children, at);
            case Items(var items, _) -> new Items(items, at);
            case Leaf(var text, var kind, _) -> new Leaf(text, kind, at);
        };
    }

    private Items items(SequenceNode sequence, Place at) throws SettingsException {
        List<Node> items = new ArrayList<>();
        for (var item : sequence.getValue()) {
            items.add(node(item));
        }
        return new Items(items, at);
    }

    private static Leaf leaf(ScalarNode scalar, Place at) throws SettingsException {
        Tag tag = scalar.getTag();
        Leaf.Kind kind;
        if (scalar.getScalarStyle() != ScalarStyle.PLAIN || tag.equals(Tag.STR) || tag.equals(Tag.TIMESTAMP)) {
            kind = Leaf.Kind.TEXT;
        } else if (tag.equals(Tag.INT)) {
            kind = Leaf.Kind.INTEGER;
        } else if (tag.equals(Tag.FLOAT)) {
            kind = Leaf.Kind.DECIMAL;
        } else if (tag.equals(Tag.BOOL)) {
            kind = Leaf.Kind.BOOLEAN;
        } else if (tag.equals(Tag.NULL)) {
            kind = Leaf.Kind.NOTHING;
        } else {
            throw new SettingsException(at.prefix() + "tags (" + tag.getValue() + ") are not read");
        }
        return new Leaf(scalar.getValue(), kind, at);
    }

    private static Place place(String source, Mark mark) {
        return new Place(source, mark.getLine() + 1, mark.getColumn() + 1);
    }

    private static String oneLine(String text) {
        return text == null ? "unreadable" : text.strip().replaceAll("\\s+", " ");
    }
}
