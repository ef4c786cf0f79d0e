package io.culvert.web.rest.server;

import java.util.LinkedHashMap;
import java.util.Map;

/** Tokens for each source of requests: a burst, and then so many a second. Remembers the latest sources only. */
final class RateLimit {
    private static final int SOURCES = 4096;

    private final double perSecond;
    private final double burst;
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Bucket> eldest) {
            return size() > SOURCES;
        }
    };

    private static final class Bucket {
        double tokens;
        long atNs;
    }

    RateLimit(double perSecond, double burst) {
        this.perSecond = perSecond;
        this.burst = burst;
    }

    /** Takes a token; false when there is none. */
    synchronized boolean take(String source, long nowNs) {
        Bucket bucket = buckets.computeIfAbsent(source, _ -> {
            var full = new Bucket();
            full.tokens = burst;
            full.atNs = nowNs;
            return full;
        });
        bucket.tokens = Math.min(burst, bucket.tokens + (nowNs - bucket.atNs) / 1e9 * perSecond);
        bucket.atNs = nowNs;
        if (bucket.tokens < 1) {
            return false;
        }
        bucket.tokens--;
        return true;
    }
}
