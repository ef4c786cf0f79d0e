package io.culvert.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A line {@code <!-- include FILE#Heading -->} stands for what that file of the checkout says below that heading. */
final class Include {
    private static final Pattern LINE = Pattern.compile("<!-- include ([^#]+)#(.+) -->");

    private Include() {}

    static String expand(String text, Path checkout) throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line : text.lines().toList()) {
            Matcher include = LINE.matcher(line.strip());
            if (include.matches()) {
                lines.addAll(section(checkout.resolve(include.group(1)), include.group(2)));
            } else {
                lines.add(line);
            }
        }
        return String.join("\n", lines) + "\n";
    }

    private static List<String> section(Path file, String heading) throws IOException {
        List<String> all = Files.readAllLines(file);
        int begin = all.indexOf("## " + heading);
        if (begin < 0) {
            throw new IOException(file + " has no section '" + heading + "'");
        }
        List<String> rest = all.subList(begin + 1, all.size());
        int end = 0;
        while (end < rest.size() && !rest.get(end).startsWith("## ")) {
            end++;
        }
        return rest.subList(0, end);
    }
}
