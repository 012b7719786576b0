package peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;

/** What the join must know of the domain: schemas by fingerprint, effects of types, kinds of identifiers that link. */
final class Catalogue {
    /** An effect on who holds the case; {@code when} null: for every decision. */
    record Effect(String when, String effect, String target, String kind) {}

    /** A type; {@code decision} and {@code reason} are the places of those fields, or -1. */
    record Type(Schema schema, int decision, int reason, List<Effect> effects) {
        Effect effectFor(String stated) {
            for (Effect one : effects) {
                if (one.when == null || one.when.equals(stated)) {
                    return one;
                }
            }
            return null;
        }
    }

    final Map<Long, Type> types = new HashMap<>();
    final Set<String> links = new HashSet<>();

    Catalogue(Path file) throws IOException {
        JsonNode given = new ObjectMapper().readTree(file.toFile());
        given.get("links").forEach(kind -> links.add(kind.textValue()));
        given.get("types").fields().forEachRemaining(one -> {
            JsonNode type = one.getValue();
            Schema schema = new Schema.Parser().parse(type.get("schema").toString());
            List<Effect> effects = new ArrayList<>();
            type.get("effects").forEach(effect -> effects.add(new Effect(
                effect.get("when").textValue(), effect.get("effect").textValue(),
                effect.get("target").textValue(), effect.get("kind").textValue())));
            ByteBuffer fingerprint = ByteBuffer.wrap(HexFormat.of().parseHex(one.getKey()));
            types.put(fingerprint.order(ByteOrder.LITTLE_ENDIAN).getLong(),
                new Type(schema, place(schema, type.get("decision")), place(schema, type.get("reason")), effects));
        });
    }

    /** Readers are not for several threads: each task makes its own. */
    Map<Long, GenericDatumReader<GenericRecord>> readers() {
        Map<Long, GenericDatumReader<GenericRecord>> readers = new HashMap<>();
        types.forEach((fingerprint, type) -> readers.put(fingerprint, new GenericDatumReader<>(type.schema)));
        return readers;
    }

    private static int place(Schema schema, JsonNode field) {
        return field.isNull() ? -1 : schema.getField(field.textValue()).pos();
    }
}
