package peer;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What is kept of a case: its identifiers, the keys of its events, its steps in order. */
final class CaseState {
    /** An event with an effect on who holds the case. */
    record Step(long at, long recordedAt, String sequence, String key, String agency, String unit, String effect,
                String target, String kind, String reason) {}

    /** A change of holder; {@code sentEvent} is its key. */
    record Handoff(String sentEvent, String fromAgency, String fromUnit, String toAgency, String toUnit, long sentAt,
                   Long receivedAt, String kind, String reason, String receivedEvent) {}

    static final Comparator<Step> ORDER = Comparator.comparingLong(Step::at).thenComparingLong(Step::recordedAt)
        .thenComparing(Step::sequence).thenComparing(Step::key);

    final List<String> ids = new ArrayList<>();
    final List<String> seen = new ArrayList<>();
    final List<Step> steps = new ArrayList<>();

    /** Who holds the case after its last step. */
    String holder() {
        if (steps.isEmpty()) {
            return "unknown";
        }
        Step last = steps.get(steps.size() - 1);
        return switch (last.effect) {
            case "sends" -> "limbo " + last.target;
            case "closes" -> "closed";
            default -> "held " + last.agency;
        };
    }

    /** The handoff that the step at a place and the one after it make, or null. */
    Handoff handoff(int place) {
        return handoff(steps.get(place), place + 1 < steps.size() ? steps.get(place + 1) : null);
    }

    static Handoff handoff(Step step, Step after) {
        boolean isSent = step.effect.equals("sends");
        Step received = after;
        if (isSent) {
            received = after != null && after.agency.equals(step.target) ? after : null;
        } else if (after == null || step.effect.equals("closes")) {
            return null;
        } else if (after.agency.equals(step.agency)
            && (after.unit == null || step.unit == null || after.unit.equals(step.unit))) {
            return null;
        }
        return new Handoff(step.key, step.agency, step.unit, received == null ? step.target : received.agency,
            received == null ? null : received.unit, step.at, received == null ? null : received.at,
            isSent ? step.kind : "implied", step.reason, received == null ? null : received.key);
    }

    static Serde<CaseState> serde() {
        return Serdes.serdeFrom((topic, state) -> state == null ? null : state.written(),
            (topic, bytes) -> bytes == null ? null : read(bytes));
    }

    private byte[] written() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeShort(ids.size());
            for (String id : ids) {
                out.writeUTF(id);
            }
            out.writeShort(seen.size());
            for (String key : seen) {
                out.writeUTF(key);
            }
            out.writeShort(steps.size());
            for (Step step : steps) {
                out.writeLong(step.at);
                out.writeLong(step.recordedAt);
                out.writeUTF(step.sequence);
                out.writeUTF(step.key);
                out.writeUTF(step.agency);
                write(out, step.unit);
                out.writeUTF(step.effect);
                write(out, step.target);
                write(out, step.kind);
                write(out, step.reason);
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return bytes.toByteArray();
    }

    private static CaseState read(byte[] bytes) {
        CaseState state = new CaseState();
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            for (int left = in.readShort(); left > 0; left--) {
                state.ids.add(in.readUTF());
            }
            for (int left = in.readShort(); left > 0; left--) {
                state.seen.add(in.readUTF());
            }
            for (int left = in.readShort(); left > 0; left--) {
                state.steps.add(new Step(in.readLong(), in.readLong(), in.readUTF(), in.readUTF(), in.readUTF(),
                    readText(in), in.readUTF(), readText(in), readText(in), readText(in)));
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        return state;
    }

    private static void write(DataOutputStream out, String text) throws IOException {
        out.writeUTF(Objects.requireNonNullElse(text, ""));
    }

    private static String readText(DataInputStream in) throws IOException {
        String text = in.readUTF();
        return text.isEmpty() ? null : text;
    }
}
