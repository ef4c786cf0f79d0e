package io.culvert.web.rest.server;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A path with parameters in braces: {@code /api/v1/users/{id}:disable}. A parameter stays within its segment. */
final class PathTemplate {
    private static final Pattern PARAMETER = Pattern.compile("\\{([A-Za-z][A-Za-z0-9]*)}");

    private final Pattern pattern;
    private final List<String> names = new ArrayList<>();
    private final int literals;

    PathTemplate(String template) {
        var regex = new StringBuilder();
        Matcher parameter = PARAMETER.matcher(template);
        int end = 0;
        int literal = 0;
        while (parameter.find()) {
            regex.append(Pattern.quote(template.substring(end, parameter.start()))).append("([^/]+)");
            literal += parameter.start() - end;
            names.add(parameter.group(1));
            end = parameter.end();
        }
        regex.append(Pattern.quote(template.substring(end)));
        literals = literal + template.length() - end;
        pattern = Pattern.compile(regex.toString());
    }

    /** Of two templates that fit, the one that says more about the path is meant. */
    int literals() {
        return literals;
    }

    /** @param path decoded */
    Optional<Map<String, String>> match(String path) {
        Matcher matcher = pattern.matcher(path);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        var values = new LinkedHashMap<String, String>();
        for (int i = 0; i < names.size(); i++) {
            values.put(names.get(i), matcher.group(i + 1));
        }
        return Optional.of(values);
    }
}
