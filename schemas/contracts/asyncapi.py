"""The topics of a domain and what travels on them, as AsyncAPI 3.0.

A type of event has two messages on the topic of its agency: Avro in single-object encoding with the attributes in the
headers (binary mode), which is what is sent, and the CloudEvent as JSON (structured mode), which is read too.
"""

from __future__ import annotations

import json
from typing import Any

from throughline import __version__
from throughline.schemas.acceptance.type_form import TypeForm
from throughline.schemas.contracts.json_schema import EventSchemas, Schema, example_of
from throughline.schemas.definitions.domain import Domain
from throughline.schemas.definitions.topics import SHARED, SharedName, Topic, Topics
from throughline.schemas.wire.avro.schema import compile_avro
from throughline.schemas.wire.avro.shared import shared_text
from throughline.schemas.wire.kafka_record import AVRO, STRUCTURED_JSON

VERSION = "3.0.0"
_AVRO_FORMAT = "application/vnd.apache.avro;version=1.9.0"
_BINDING = "0.5.0"
_SHARED: dict[SharedName, str] = {
    "decision_timeline": "Everything that the public views say of a case; its key is the case id.",
    "handoffs": "A row of the view `handoffs`.",
    "alerts": "A row of the view `alerts`.",
    "quarantine": "A row of the view `quarantine`, without the record itself.",
}
# who a client may be, in the words of AsyncAPI; which one a deployment takes its broker settings say
_SECURITY = {
    "tls": {"type": "X509", "description": "A certificate of the client (mutual TLS)."},
    "scramSha512": {"type": "scramSha512", "description": "SASL/SCRAM with SHA-512: `sasl.mechanism: SCRAM-SHA-512`."},
    "scramSha256": {"type": "scramSha256", "description": "SASL/SCRAM with SHA-256: `sasl.mechanism: SCRAM-SHA-256`."},
    "plain": {"type": "plain", "description": "SASL/PLAIN, over TLS: `sasl.mechanism: PLAIN`."},
    "oauth2": {
        "type": "oauth2",
        "description": "A token for client credentials (RFC 6749, 4.4): `sasl.mechanism: OAUTHBEARER`. Who gives it, "
        "the deployment says (`sasl.oauthbearer.token.endpoint.url`).",
        "flows": {"clientCredentials": {"tokenUrl": "https://idp.example.org/token", "availableScopes": {}}},
    },
}


def asyncapi(domain: Domain, topics: Topics) -> dict[str, Any]:
    """The document, ready to be written as JSON or YAML."""
    schemas = EventSchemas(domain, "#/components/schemas/")
    types = [domain.rules.by_version[kind.type, kind.version] for kind in domain.types.values()]
    messages: dict[str, Any] = {}
    said_on: dict[str, list[str]] = {one.topic.name: [] for one in topics.case_events}
    components = schemas.shared()
    for rule in types:
        form = rule.form
        components[form.wire_type] = schemas.event(rule)
        made = _messages(form, schemas, domain)
        messages |= made
        for name in _topics_of(form, topics):
            said_on[name] += made
    messages |= {f"shared.{name}": _shared_message(name) for name in SHARED}
    channels = {
        name: _channel(_topic(topics, name), said, f"What the agencies of this topic say happened. {_KEY}")
        for name, said in said_on.items()
    }
    for name in SHARED:
        topic = topics.shared[name]
        channels[topic.name] = _channel(topic, [f"shared.{name}"], _SHARED[name])
    return {
        "asyncapi": VERSION,
        "id": f"urn:throughline:{domain.name}",
        "info": {
            "title": domain.title,
            "version": __version__,
            "description": "What agencies publish, and what is shared with them. Made of the catalogue of the domain "
            "by `throughline catalogue --format asyncapi`.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": AVRO,
        "servers": {
            "broker": {
                "host": "{host}:{port}",
                "protocol": "kafka-secure",
                "description": "The Kafka broker of the deployment.",
                "variables": {"host": {"default": "localhost"}, "port": {"default": "9092"}},
                "security": [{"$ref": f"#/components/securitySchemes/{name}"} for name in _SECURITY],
            }
        },
        "channels": channels,
        "operations": {
            **{f"publish.{name}": _operation("send", name, said) for name, said in said_on.items()},
            **{
                f"receive.{topics.shared[name].name}": _operation(
                    "receive", topics.shared[name].name, [f"shared.{name}"]
                )
                for name in SHARED
            },
        },
        "components": {
            "messages": messages,
            "schemas": {**components, "headers": _headers(schemas)},
            "securitySchemes": _SECURITY,
        },
    }


_KEY = "The key of a record is its area, so that what can be one case stands in one partition."


def _topics_of(form: TypeForm, topics: Topics) -> list[str]:
    if form.agency is not None:
        return [topics.of_agency(form.agency)]
    return [one.topic.name for one in topics.case_events]


def _topic(topics: Topics, name: str) -> Topic:
    return next(topic for topic in topics if topic.name == name)


def _channel(topic: Topic, messages: list[str], description: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name, value in topic.settings.items():
        if name == "cleanup.policy":
            settings[name] = value.split(",")
        else:
            settings[name] = int(value) if value.lstrip("-").isdigit() else value
    return {
        "address": topic.name,
        "description": description,
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in messages},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "replicas": topic.replication,
                "topicConfiguration": settings,
                "bindingVersion": _BINDING,
            }
        },
    }


def _operation(action: str, channel: str, messages: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in messages],
    }


def _messages(form: TypeForm, schemas: EventSchemas, domain: Domain) -> dict[str, Any]:
    """The two messages of the present version of a type."""
    key = {"kafka": {"key": schemas.ref("area", description="The area."), "bindingVersion": _BINDING}}
    said = {"title": f"{form.type} version {form.version}", "summary": form.doc, "bindings": key}
    binary = {
        **said,
        "name": form.wire_type,
        "contentType": AVRO,
        "headers": _with_type(schemas, form, AVRO),
        "payload": {"schemaFormat": _AVRO_FORMAT, "schema": compile_avro(form).schema},
    }
    structured: dict[str, Any] = {
        **said,
        "name": f"{form.wire_type}.json",
        "contentType": STRUCTURED_JSON,
        "headers": {"type": "object", "properties": {"content-type": {"const": STRUCTURED_JSON}}},
        "payload": schemas.ref(form.wire_type),
    }
    kind = domain.types[form.type]
    if kind.example:
        structured["examples"] = [{"name": "data", "summary": "`data` of an event.", "payload": example_of(kind)}]
    return {form.wire_type: binary, f"{form.wire_type}.json": structured}


def _with_type(schemas: EventSchemas, form: TypeForm, media: str) -> Schema:
    own = {"ce_type": {"const": form.wire_type}, "content-type": {"const": media}}
    return {"allOf": [schemas.ref("headers"), {"type": "object", "properties": own}]}


def _headers(schemas: EventSchemas) -> Schema:
    """The headers of binary mode: CloudEvents 1.0, Kafka protocol binding."""
    optional = {
        "ce_time": schemas.ref("instant", description="When it happened; this or ce_occurredon."),
        "ce_occurredon": schemas.ref("label", description="The day or month in which it happened."),
        "ce_recordedtime": schemas.ref("instant"),
        "ce_sequence": schemas.ref("text", description="The source's number, or that of its outbox."),
        "ce_revision": schemas.ref("text"),
        "ce_retracts": {"enum": ["true"]},
        "ce_contenthash": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of the value."},
    }
    return {
        "type": "object",
        "description": "Attributes of the CloudEvent, as text in UTF-8.",
        "required": ["content-type", "ce_specversion", "ce_id", "ce_source", "ce_type", "ce_partitionkey"],
        "properties": {
            "content-type": {"type": "string"},
            "ce_specversion": {"const": "1.0"},
            "ce_id": schemas.ref("text", minLength=1),
            "ce_source": schemas.ref("text", minLength=1),
            "ce_type": {"type": "string"},
            "ce_partitionkey": schemas.ref("area"),
            **optional,
        },
    }


def _shared_message(name: SharedName) -> dict[str, Any]:
    return {
        "name": f"shared.{name}",
        "title": name.replace("_", " ").capitalize(),
        "summary": _SHARED[name],
        "contentType": AVRO,
        "payload": {"schemaFormat": _AVRO_FORMAT, "schema": json.loads(shared_text(name))},
    }
