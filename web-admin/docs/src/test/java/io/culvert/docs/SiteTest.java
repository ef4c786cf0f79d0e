package io.culvert.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteTest {
    @TempDir
    Path directory;

    private String write(String index, String other) throws IOException {
        var site = new Site("1.2.3");
        site.add("index.md", index);
        site.add("install.md", other);
        site.write(directory);
        return Files.readString(directory.resolve("index.html"));
    }

    private List<String> dead() throws IOException {
        return new Links(directory).dead();
    }

    @Test
    void shouldMakeAPageOfMarkdown() throws IOException {
        String page = write("# Be <gin>\n\n| a | b |\n|---|---|\n| 1 | `2` |\n", "# Install\n");
        assertTrue(page.contains("<title>Be &lt;gin&gt;</title>"), page);
        assertTrue(page.contains("<td><code>2</code></td>"), page);
        assertTrue(page.contains("<a href=\"install.html\">Install</a>"), page);
        assertFalse(page.contains("<script"), page);
        assertEquals(List.of(), dead());
    }

    @Test
    void shouldFindDeadLinks() throws IOException {
        write("# Begin\n\n[a](install.md#here) [b](install.md#there) [c](nowhere.md) [d](x.png) [e](#begin)\n"
                + "[f](https://age-encryption.org/v1)\n", "# Install\n\n## Here\n");
        assertEquals(
                List.of(
                        "docs: index.html: install.html#there leads nowhere",
                        "docs: index.html: nowhere.html leads nowhere",
                        "docs: index.html: x.png leads nowhere"),
                dead());
    }

    @Test
    void shouldShowMarkupOfOthersAsText() throws IOException {
        String page = write("# Begin\n\n" + Markdown.text("a <b> *c* | [d](e)") + "\n", "# Install\n");
        assertTrue(page.contains("a &lt;b&gt; *c* | [d](e)"), page);
    }

    @Test
    void shouldIncludeASectionOfAnotherFile() throws IOException {
        Files.writeString(directory.resolve("README.md"), "# A\n\n## One\n\nfirst\n\n## Two\n\nsecond\n");
        assertEquals("# B\n\nfirst\n\n", Include.expand("# B\n<!-- include README.md#One -->\n", directory));
        assertThrows(IOException.class, () -> Include.expand("<!-- include README.md#Three -->", directory));
    }

    @Test
    void shouldTellOfEachSettingWhatIsAccepted() throws Exception {
        String xml = """
                <MetaData><OCD id="x" name="Backups" description="Copies.">
                <AD id="keep" name="Keep" description="So many." type="Integer" cardinality="0" default="7" min="1" max="1000"/>
                <AD id="schedule" name="Schedule" type="String" cardinality="0"><Option label="never" value="never"/></AD>
                <AD id="from" name="From" type="String" cardinality="100" required="false"/>
                </OCD><Designate pid="x"><Object ocdref="x"/></Designate></MetaData>
                """;
        var document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
        String page = SettingsPages.page(new SettingsPages.Module("backup", "backup", true, List.of(document)));
        assertTrue(page.contains("| `keep` | **Keep.** So many. | `7` | whole number from 1 to 1000 |"), page);
        assertTrue(page.contains("| `never` |"), page);
        assertTrue(page.contains("text, a list, optional"), page);
    }

    @Test
    void shouldTellOfEachCallWhoMayAndWhatItTakes() {
        Map<String, Object> openApi = Map.of(
                "paths", Map.of("/api/v1/users", Map.of("post", Map.of(
                        "tags", List.of("users"),
                        "summary", "Adds a user.",
                        "x-role", "users",
                        "requestBody", Map.of("content", Map.of("application/json",
                                Map.of("schema", Map.of("$ref", "#/components/schemas/AddUser")))),
                        "responses", Map.of("201", Map.of())))),
                "components", Map.of("schemas", Map.of("AddUser", Map.of(
                        "type", "object",
                        "properties", Map.of("name", Map.of("type", "string")),
                        "required", List.of("name")))));
        String page = ApiPage.text(openApi);
        assertTrue(page.contains("| `POST /api/v1/users` | users | Adds a user. | [AddUser](#adduser) | 201 |"), page);
        assertTrue(page.contains("### AddUser\n\n| field | type |\n|---|---|\n| `name` | string |"), page);
    }
}
