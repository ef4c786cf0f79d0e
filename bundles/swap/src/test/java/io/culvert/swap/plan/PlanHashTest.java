package io.culvert.swap.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

class PlanHashTest {
    @Test
    void shouldBeTheSameForTheSameState() {
        assertEquals(
                new PlanHash().add("bundle", "a", "1").hex(), new PlanHash().add("bundle", "a", "1").hex());
    }

    @Test
    void shouldTellStatesApartWhoseTextsRunTogether() {
        assertNotEquals(new PlanHash().add("b", "ab", "c").hex(), new PlanHash().add("b", "a", "bc").hex());
        assertNotEquals(new PlanHash().add("b", "a").add("b").hex(), new PlanHash().add("b").add("b", "a").hex());
    }
}
