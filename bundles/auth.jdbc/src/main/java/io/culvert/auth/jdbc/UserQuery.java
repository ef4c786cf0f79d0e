package io.culvert.auth.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The operator's query. {@code :user} stands for the name, which reaches the database as a parameter and never as text
 * of the query.
 */
final class UserQuery {
    private static final String PARAMETER = ":user";
    private static final String PASSWORD = "password";
    private static final String ENABLED = "enabled";

    private final String sql;
    private final int parameters;
    private final List<String> attributes;

    /**
     * A user as the table has it.
     *
     * @param password the text of the column; null when there is none
     */
    record Row(@Nullable String password, boolean enabled, Map<String, String> attributes) {
        @Override
        public String toString() {
            return "Row[redacted]";
        }
    }

    private UserQuery(String sql, int parameters, List<String> attributes) {
        this.sql = sql;
        this.parameters = parameters;
        this.attributes = attributes;
    }

    /** @throws IllegalArgumentException in words fit for the setting {@code query} */
    static UserQuery of(String query, List<String> attributes) {
        var sql = new StringBuilder();
        int parameters = 0;
        char quote = 0;
        for (int i = 0; i < query.length(); i++) {
            char c = query.charAt(i);
            if (quote != 0) {
                quote = c == quote ? 0 : quote;
                sql.append(c);
            } else if (c == '\'' || c == '"') {
                quote = c;
                sql.append(c);
            } else if (c == ':' && query.startsWith("::", i)) {
                sql.append("::");
                i++;
            } else if (query.startsWith(PARAMETER, i) && endsAt(query, i + PARAMETER.length())) {
                sql.append('?');
                parameters++;
                i += PARAMETER.length() - 1;
            } else if (c == '?') {
                throw new IllegalArgumentException("must name the parameter: " + PARAMETER + " and not ?");
            } else {
                sql.append(c);
            }
        }
        if (parameters == 0) {
            throw new IllegalArgumentException("must ask for the user name: ... WHERE name = " + PARAMETER
                    + ", outside of quotes");
        }
        return new UserQuery(sql.toString(), parameters, List.copyOf(attributes));
    }

    private static boolean endsAt(String query, int at) {
        return at == query.length() || !Character.isJavaIdentifierPart(query.charAt(at));
    }

    String sql() {
        return sql;
    }

    Optional<Row> ask(Connection connection, String user) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            statement.setMaxRows(2);
            for (int i = 1; i <= parameters; i++) {
                statement.setString(i, user);
            }
            try (ResultSet rows = statement.executeQuery()) {
                if (!rows.next()) {
                    return Optional.empty();
                }
                Row row = row(rows);
                if (rows.next()) {
                    throw new SQLException("query: gives several rows for one user name");
                }
                return Optional.of(row);
            }
        }
    }

    private Row row(ResultSet rows) throws SQLException {
        ResultSetMetaData columns = rows.getMetaData();
        String password = null;
        boolean hasPassword = false;
        boolean enabled = true;
        var known = new LinkedHashMap<String, String>();
        for (int i = 1; i <= columns.getColumnCount(); i++) {
            String label = columns.getColumnLabel(i);
            if (label.equalsIgnoreCase(PASSWORD)) {
                password = rows.getString(i);
                hasPassword = true;
            } else if (label.equalsIgnoreCase(ENABLED)) {
                // Null is no: only what clearly says yes lets in.
                enabled = rows.getBoolean(i);
            } else {
                String value = rows.getString(i);
                attributes.stream()
                        .filter(label::equalsIgnoreCase)
                        .findFirst()
                        .ifPresent(name -> {
                            if (value != null && !value.isBlank()) {
                                known.put(name, value.strip());
                            }
                        });
            }
        }
        if (!hasPassword) {
            throw new SQLException("query: gives no column named password; write SELECT hash AS password ...");
        }
        return new Row(password, enabled, known);
    }
}
