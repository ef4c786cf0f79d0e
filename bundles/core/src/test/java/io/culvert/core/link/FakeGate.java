package io.culvert.core.link;

/** A gate that counts. */
final class FakeGate implements LinkResources.Gate {
    int holds;
    int everHeld;

    @Override
    public void hold() {
        holds++;
        everHeld++;
    }

    @Override
    public void release() {
        holds--;
    }
}
