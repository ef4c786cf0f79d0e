package io.culvert.it.console;

import java.util.ArrayList;
import java.util.List;

/** How a page is looked at. */
record Look(boolean dark, int width, int height) {
    static final int PHONE = 390;
    static final int DESK = 1440;

    static Look desk(boolean dark) {
        return new Look(dark, DESK, 960);
    }

    static Look phone(boolean dark) {
        return new Look(dark, PHONE, 844);
    }

    /** Light and dark, each at a desk and on a phone. */
    static List<Look> all() {
        var all = new ArrayList<Look>();
        for (boolean dark : new boolean[] {false, true}) {
            all.add(desk(dark));
            all.add(phone(dark));
        }
        return all;
    }

    boolean narrow() {
        return width < 820;
    }

    @Override
    public String toString() {
        return (dark ? "dark" : "light") + (narrow() ? "-phone" : "");
    }
}
