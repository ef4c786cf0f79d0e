package io.culvert.docs;

/** Text of others, made so that Markdown shows it as it is. */
final class Markdown {
    private Markdown() {}

    /** In a cell of a table or a paragraph. */
    static String text(String text) {
        return text.replace("\n", " ").replaceAll("([\\\\`*_{}\\[\\]<>#|])", "\\\\$1").strip();
    }

    /** As code, in a cell too; nothing for nothing. */
    static String code(String text) {
        if (text.isEmpty()) {
            return "";
        }
        return "`" + text.replace("\n", " ").replace("`", "'").replace("|", "\\|") + "`";
    }
}
