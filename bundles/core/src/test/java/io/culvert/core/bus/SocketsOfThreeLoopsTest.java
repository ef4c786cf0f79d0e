package io.culvert.core.bus;

/** Sessions do not notice on which loop they live, nor which one the kernel gives their datagrams to. */
final class SocketsOfThreeLoopsTest extends SocketsTest {
    @Override
    int loops() {
        return 3;
    }
}
