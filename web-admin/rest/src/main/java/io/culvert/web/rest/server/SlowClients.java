package io.culvert.web.rest.server;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * Closes connections whose client takes its time on purpose: a byte now and then keeps an idle timeout from ever
 * passing. A connection has so long to bring its first request, and so long for a JSON body.
 */
final class SlowClients extends AbstractLifeCycle implements Connection.Listener {
    private static final long EACH_MS = 1000;

    private final Scheduler scheduler;
    private final long limitNs;
    private final Map<EndPoint, Long> deadlinesNs = new ConcurrentHashMap<>();
    /** Of bodies: a connection of HTTP/2 brings several at once, and each has its own. */
    private final Map<Body, Long> bodiesNs = new ConcurrentHashMap<>();
    private volatile Scheduler.@Nullable Task task;

    SlowClients(Scheduler scheduler, Duration limit) {
        this.scheduler = scheduler;
        this.limitNs = limit.toNanos();
    }

    @Override
    protected void doStart() {
        look();
    }

    @Override
    protected void doStop() {
        var last = task;
        if (last != null) {
            last.cancel();
        }
        deadlinesNs.clear();
        bodiesNs.clear();
    }

    private void look() {
        long now = System.nanoTime();
        deadlinesNs.forEach((endPoint, deadline) -> {
            if (deadline - now <= 0) {
                deadlinesNs.remove(endPoint);
                endPoint.close();
            }
        });
        bodiesNs.forEach((body, deadline) -> {
            if (deadline - now <= 0) {
                body.close();
                body.endPoint.close();
            }
        });
        task = scheduler.schedule(this::look, EACH_MS, TimeUnit.MILLISECONDS);
    }

    /** Each protocol above another has a connection of its own at the same end point: the first one counts. */
    @Override
    public void onOpened(Connection connection) {
        deadlinesNs.putIfAbsent(bottom(connection.getEndPoint()), System.nanoTime() + limitNs);
    }

    @Override
    public void onClosed(Connection connection) {
        deadlinesNs.remove(bottom(connection.getEndPoint()));
    }

    private static EndPoint bottom(EndPoint endPoint) {
        return endPoint instanceof EndPoint.Wrapper wrapper ? bottom(wrapper.unwrap()) : endPoint;
    }

    /** A request has come whole as far as its head. */
    void arrived(Request request) {
        deadlinesNs.remove(bottom(request.getConnectionMetaData().getConnection().getEndPoint()));
    }

    /** A request is answered: the next one has so long again. On HTTP/2 there may be others, and its own limits hold. */
    void answered(Request request) {
        if (request.getConnectionMetaData().getHttpVersion().getVersion() < 20) {
            deadlinesNs.put(
                    bottom(request.getConnectionMetaData().getConnection().getEndPoint()), System.nanoTime() + limitNs);
        }
    }

    /** A body is being read until what this returns is closed. */
    Reading reading(Request request) {
        var body = new Body(bottom(request.getConnectionMetaData().getConnection().getEndPoint()));
        bodiesNs.put(body, System.nanoTime() + limitNs);
        return body;
    }

    /** One body on its way; no two are the same. */
    private final class Body implements Reading {
        private final EndPoint endPoint;

        Body(EndPoint endPoint) {
            this.endPoint = endPoint;
        }

        @Override
        public void close() {
            bodiesNs.remove(this);
        }
    }

    interface Reading extends AutoCloseable {
        @Override
        void close();
    }
}
