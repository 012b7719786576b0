"""Events as Avro: schemas made from the catalogue, messages and container files."""
