package io.culvert.auth.jdbc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UserQueryTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '#', value = {
        "SELECT p FROM u WHERE n = :user | SELECT p FROM u WHERE n = ?",
        "SELECT p FROM u WHERE n = :user AND lower(m)=lower(:user) | SELECT p FROM u WHERE n = ? AND lower(m)=lower(?)",
        "SELECT p::text, ':user' FROM u WHERE n = :user::text | SELECT p::text, ':user' FROM u WHERE n = ?::text",
        "SELECT \"a:user\" FROM u WHERE n=:user | SELECT \"a:user\" FROM u WHERE n=?",
    })
    void shouldTakeTheNameAsAParameter(String query, String sql) {
        assertEquals(sql, UserQuery.of(query, List.of()).sql());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "SELECT 1", "SELECT p FROM u WHERE n = ':user'", "SELECT p FROM u WHERE n = ?",
        "SELECT p FROM u WHERE n = :username"})
    void shouldRefuseAQueryThatDoesNotAskForTheName(String query) {
        assertThrows(IllegalArgumentException.class, () -> UserQuery.of(query, List.of()));
    }

    @Test
    void shouldSayHowToNameTheParameter() {
        var e = assertThrows(IllegalArgumentException.class, () -> UserQuery.of("SELECT 1", List.of()));
        assertEquals("must ask for the user name: ... WHERE name = :user, outside of quotes", e.getMessage());
    }
}
