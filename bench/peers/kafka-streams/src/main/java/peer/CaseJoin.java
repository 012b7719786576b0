package peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import peer.CaseState.Handoff;
import peer.CaseState.Step;

/** Joins the events of one partition number into cases, and forwards the handoffs that changed. */
final class CaseJoin implements Processor<String, byte[], String, String> {
    private final Catalogue catalogue;
    private final Counts counts;
    private final Map<Long, GenericDatumReader<GenericRecord>> readers;
    private BinaryDecoder decoder;
    private ProcessorContext<String, String> context;
    private KeyValueStore<String, String> caseOf;
    private KeyValueStore<String, CaseState> cases;

    CaseJoin(Catalogue catalogue, Counts counts) {
        this.catalogue = catalogue;
        this.counts = counts;
        this.readers = catalogue.readers();
    }

    @Override
    public void init(ProcessorContext<String, String> given) {
        context = given;
        caseOf = given.getStateStore("identifiers");
        cases = given.getStateStore("cases");
    }

    @Override
    public void process(Record<String, byte[]> record) {
        byte[] value = record.value();
        long fingerprint = ByteBuffer.wrap(value, 2, 8).order(ByteOrder.LITTLE_ENDIAN).getLong();
        decoder = DecoderFactory.get().binaryDecoder(value, 10, value.length - 10, decoder);
        try {
            take(readers.get(fingerprint).read(null, decoder), catalogue.types.get(fingerprint), record);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        counts.taken();
    }

    private void take(GenericRecord event, Catalogue.Type type, Record<String, byte[]> record) {
        String area = event.get("area") + "|";
        String key = event.get("source") + "|" + event.get("id");
        List<String> ids = new ArrayList<>(2);
        for (Object given : (List<?>) event.get("identifiers")) {
            GenericRecord one = (GenericRecord) given;
            String kind = one.get("kind").toString();
            if (catalogue.links.contains(kind)) {
                ids.add(area + kind + "|" + one.get("value"));
            }
        }
        Set<String> known = new LinkedHashSet<>();
        List<String> fresh = new ArrayList<>(2);
        for (String id : ids) {
            String found = caseOf.get(id);
            if (found == null) {
                fresh.add(id);
            } else {
                known.add(found);
            }
        }
        String name = known.isEmpty() ? (ids.isEmpty() ? area + "e|" + key : ids.get(0)) : known.iterator().next();
        CaseState state = cases.get(name);
        if (state == null) {
            state = new CaseState();
        } else if (state.seen.contains(key)) {
            counts.duplicates.increment();
            return;
        } else {
            counts.holder(state.holder(), -1);
        }
        for (String other : known) {
            if (!other.equals(name)) {
                merge(state, name, other, record);
            }
        }
        state.seen.add(key);
        for (String id : fresh) {
            state.ids.add(id);
            caseOf.put(id, name);
        }
        Object decision = type.decision() < 0 ? null : event.get(type.decision());
        Catalogue.Effect effect = type.effectFor(decision == null ? null : decision.toString());
        if (effect != null) {
            insert(state, step(event, key, effect, type), record);
        }
        counts.holder(state.holder(), 1);
        cases.put(name, state);
    }

    /** Puts the other case into this one, and points its identifiers here. */
    private void merge(CaseState state, String name, String other, Record<String, byte[]> record) {
        counts.merges.increment();
        CaseState lost = cases.get(other);
        counts.holder(lost.holder(), -1);
        Map<String, Handoff> before = handoffs(state);
        before.putAll(handoffs(lost));
        state.ids.addAll(lost.ids);
        state.seen.addAll(lost.seen);
        state.steps.addAll(lost.steps);
        state.steps.sort(CaseState.ORDER);
        lost.ids.forEach(id -> caseOf.put(id, name));
        cases.delete(other);
        Map<String, Handoff> after = handoffs(state);
        before.forEach((sent, handoff) -> {
            if (!after.containsKey(sent)) {
                forward(sent, null, record);
            }
        });
        after.forEach((sent, handoff) -> {
            if (!handoff.equals(before.get(sent))) {
                forward(sent, handoff, record);
            }
        });
    }

    private static Map<String, Handoff> handoffs(CaseState state) {
        Map<String, Handoff> found = new HashMap<>();
        for (int place = 0; place < state.steps.size(); place++) {
            Handoff handoff = state.handoff(place);
            if (handoff != null) {
                found.put(handoff.sentEvent(), handoff);
            }
        }
        return found;
    }

    /** Puts a step in its place; only the handoffs of it and of the step before it can change. */
    private void insert(CaseState state, Step step, Record<String, byte[]> record) {
        int place = -1 - Collections.binarySearch(state.steps, step, CaseState.ORDER);
        Handoff old = place > 0 ? state.handoff(place - 1) : null;
        state.steps.add(place, step);
        if (place > 0) {
            Handoff now = state.handoff(place - 1);
            if (now != null && !now.equals(old)) {
                forward(now.sentEvent(), now, record);
            } else if (now == null && old != null) {
                forward(old.sentEvent(), null, record);
            }
        }
        Handoff own = state.handoff(place);
        if (own != null) {
            forward(own.sentEvent(), own, record);
        }
    }

    private void forward(String sent, Handoff handoff, Record<String, byte[]> record) {
        counts.emitted.increment();
        context.forward(new Record<>(sent, HandoffJson.written(sent, handoff), record.timestamp()));
    }

    private static Step step(GenericRecord event, String key, Catalogue.Effect effect, Catalogue.Type type) {
        Object recorded = event.get("recorded_at");
        return new Step((Long) event.get("occurred_at"), recorded == null ? Long.MAX_VALUE : (Long) recorded,
            event.get("sequence") == null ? "\uDBFF\uDFFF" : event.get("sequence").toString(), key,
            event.get("agency").toString(), event.get("unit") == null ? null : event.get("unit").toString(),
            effect.effect(), effect.target(), effect.kind(), reason(type.reason() < 0 ? null : event.get(type.reason())));
    }

    private static String reason(Object given) {
        if (!(given instanceof List<?> several)) {
            return given == null ? null : given.toString();
        }
        return String.join("; ", several.stream().map(Object::toString).sorted().toList());
    }
}
