package io.culvert.it.hotplug;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import org.netbeans.lib.profiler.heap.Heap;
import org.netbeans.lib.profiler.heap.HeapFactory;
import org.netbeans.lib.profiler.heap.Instance;
import org.netbeans.lib.profiler.heap.JavaClass;
import org.netbeans.lib.profiler.heap.ObjectArrayInstance;
import org.netbeans.lib.profiler.heap.ObjectFieldValue;
import org.netbeans.lib.profiler.heap.PrimitiveArrayInstance;
import org.netbeans.lib.profiler.heap.Value;

/** Why a class loader is still there: the way to it from a root, read from a dump of this process's heap. */
final class HeapPath {
    private static final int LONGEST = 40;
    private static final Set<String> WEAK = Set.of(
            "java.lang.ref.WeakReference", "java.lang.ref.PhantomReference", "java.lang.ref.FinalReference");

    private HeapPath() {}

    /** A reference that a dump is searched for; it keeps nothing alive. */
    static final class Watched extends WeakReference<ClassLoader> {
        Watched(ClassLoader loader, java.lang.ref.ReferenceQueue<ClassLoader> queue) {
            super(loader, queue);
        }
    }

    /** One way for each watched class loader that is still there: the root first, each step's field behind it. */
    static List<String> toWatched() throws IOException {
        Path directory = Files.createTempDirectory("hotplug");
        try {
            Path file = directory.resolve("heap.hprof");
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpHeap(file.toString(), true);
            Heap heap = HeapFactory.createHeap(file.toFile());
            var ways = new ArrayList<String>();
            for (Object each : heap.getJavaClassByName(Watched.class.getName()).getInstances()) {
                if (((Instance) each).getValueOfField("referent") instanceof Instance loader) {
                    ways.add(way(heap, loader));
                }
            }
            return ways;
        } finally {
            delete(directory);
        }
    }

    private static String way(Heap heap, Instance loader) {
        return isHeld(loader) ? strongly(heap, loader) : softly(heap, loader);
    }

    private static boolean isHeld(Instance instance) {
        return instance.isGCRoot() || instance.getNearestGCRootPointer() != null;
    }

    private static String strongly(Heap heap, Instance held) {
        var steps = new ArrayList<String>();
        Instance at = held;
        while (!at.isGCRoot() && steps.size() < LONGEST) {
            Instance holder = at.getNearestGCRootPointer();
            steps.add(name(holder) + field(holder, at));
            at = holder;
        }
        steps.add(at.isGCRoot() ? "root " + heap.getGCRoot(at).getKind() : "...");
        return String.join(" -> ", steps.reversed());
    }

    /** By way of a soft reference, which the collector clears when memory is short. */
    private static String softly(Heap heap, Instance loader) {
        var next = new HashMap<Instance, Instance>();
        var queue = new ArrayDeque<Instance>();
        next.put(loader, loader);
        queue.add(loader);
        while (!queue.isEmpty()) {
            Instance at = queue.poll();
            for (Object each : at.getReferences()) {
                Instance holder = ((Value) each).getDefiningInstance();
                if (next.putIfAbsent(holder, at) != null || isWeak(holder)) {
                    continue;
                }
                if (isHeld(holder)) {
                    var way = new StringBuilder(strongly(heap, holder));
                    for (Instance from = holder; from != loader; from = next.get(from)) {
                        way.append(" -> ").append(name(from)).append(field(from, next.get(from)));
                    }
                    return way.toString();
                }
                queue.add(holder);
            }
        }
        return "nothing that a dump shows";
    }

    private static boolean isWeak(Instance instance) {
        for (JavaClass type = instance.getJavaClass(); type != null; type = type.getSuperClass()) {
            if (WEAK.contains(type.getName())) {
                return true;
            }
        }
        return false;
    }

    private static String name(Instance instance) {
        String type = instance.getJavaClass().getName();
        if (type.equals("java.lang.Class")) {
            return "class@" + instance.getInstanceId();
        }
        return instance.getValueOfField("name") instanceof Instance name ? type + "[" + text(name) + "]" : type;
    }

    private static String text(Instance string) {
        return string.getValueOfField("value") instanceof PrimitiveArrayInstance array
                ? latin(array)
                : string.getJavaClass().getName();
    }

    private static String latin(PrimitiveArrayInstance array) {
        var text = new StringBuilder();
        for (Object each : array.getValues()) {
            text.append((char) Byte.parseByte(String.valueOf(each)));
        }
        return text.toString();
    }

    private static String field(Instance holder, Instance held) {
        if (holder instanceof ObjectArrayInstance) {
            return "[]";
        }
        for (Object each : holder.getFieldValues()) {
            if (each instanceof ObjectFieldValue value && held.equals(value.getInstance())) {
                return "." + value.getField().getName();
            }
        }
        for (Object each : holder.getStaticFieldValues()) {
            if (each instanceof ObjectFieldValue value && held.equals(value.getInstance())) {
                return "." + value.getField().getName();
            }
        }
        return "";
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
