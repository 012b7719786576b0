package peer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/** How far the program is, and what it found; written to a file for the benchmark. */
final class Counts {
    final LongAdder records = new LongAdder();
    final LongAdder duplicates = new LongAdder();
    final LongAdder merges = new LongAdder();
    final LongAdder emitted = new LongAdder();
    private final AtomicLong first = new AtomicLong();
    private volatile long last;
    private final Map<String, LongAdder> holders = new ConcurrentHashMap<>();

    void taken() {
        long now = System.currentTimeMillis();
        if (first.get() == 0) {
            first.compareAndSet(0, now);
        }
        last = now;
        records.increment();
    }

    void holder(String name, int by) {
        holders.computeIfAbsent(name, given -> new LongAdder()).add(by);
    }

    void write(Path file) throws IOException {
        String held = holders.entrySet().stream().filter(one -> one.getValue().sum() != 0)
            .map(one -> "\"" + one.getKey() + "\":" + one.getValue().sum()).collect(Collectors.joining(","));
        String said = String.format(
            "{\"records\":%d,\"first\":%d.%03d,\"last\":%d.%03d,\"duplicates\":%d,\"merges\":%d,\"emitted\":%d,"
                + "\"holders\":{%s}}",
            records.sum(), first.get() / 1000, first.get() % 1000, last / 1000, last % 1000, duplicates.sum(),
            merges.sum(), emitted.sum(), held);
        Path made = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(made, said);
        Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
