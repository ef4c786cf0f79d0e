package io.culvert.core.link;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A {@link Poller} without a kernel: every source is ready at every step. */
public class SteppedPoller implements Poller {
    private final List<Pollable> sources = new ArrayList<>();

    /** Those that are watched for writing. */
    public final Set<Pollable> writing = new HashSet<>();

    @Override
    public void add(Pollable source) throws IOException {
        sources.add(source);
    }

    @Override
    public void watchWriting(Pollable source, boolean writing) {
        if (writing) {
            this.writing.add(source);
        } else {
            this.writing.remove(source);
        }
    }

    @Override
    public void remove(Pollable source) {
        sources.remove(source);
        writing.remove(source);
    }

    public boolean watches(Pollable source) {
        return sources.contains(source);
    }

    @Override
    public boolean await(long timeoutNs) {
        return true;
    }

    @Override
    public void dispatch() {
        for (int i = 0; i < sources.size(); i++) {
            sources.get(i).onReady(true, true);
        }
    }

    @Override
    public void wake() {}

    @Override
    public void close() {}
}
