package peer;

import peer.CaseState.Handoff;

/** A handoff as JSON, by hand: its texts are codes and keys. */
final class HandoffJson {
    private HandoffJson() {}

    /** A null handoff is one that is gone. */
    static String written(String sent, Handoff handoff) {
        StringBuilder out = new StringBuilder(320).append('{');
        text(out, "sent_event", sent);
        if (handoff == null) {
            return out.append(",\"gone\":true}").toString();
        }
        text(out.append(','), "from_agency", handoff.fromAgency());
        text(out.append(','), "from_unit", handoff.fromUnit());
        text(out.append(','), "to_agency", handoff.toAgency());
        text(out.append(','), "to_unit", handoff.toUnit());
        out.append(",\"sent_at\":").append(handoff.sentAt());
        out.append(",\"received_at\":").append(handoff.receivedAt());
        text(out.append(','), "kind", handoff.kind());
        text(out.append(','), "reason", handoff.reason());
        out.append(",\"limbo_seconds\":");
        out.append(handoff.receivedAt() == null ? null : (handoff.receivedAt() - handoff.sentAt()) / 1e6);
        text(out.append(','), "received_event", handoff.receivedEvent());
        return out.append('}').toString();
    }

    private static void text(StringBuilder out, String name, String value) {
        out.append('"').append(name).append("\":");
        if (value == null) {
            out.append("null");
            return;
        }
        out.append('"');
        for (int at = 0; at < value.length(); at++) {
            char one = value.charAt(at);
            if (one == '"' || one == '\\') {
                out.append('\\').append(one);
            } else if (one < ' ') {
                out.append(String.format("\\u%04x", (int) one));
            } else {
                out.append(one);
            }
        }
        out.append('"');
    }
}
