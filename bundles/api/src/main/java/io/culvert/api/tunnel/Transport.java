package io.culvert.api.tunnel;

/** What carries the outer datagrams. */
public enum Transport {
    UDP,
    TCP;

    /** A stream link keeps order and loses nothing, and its endpoint never floats. */
    public boolean isStream() {
        return this == TCP;
    }
}
