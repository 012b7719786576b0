"""What each client of Kafka makes of the settings: the same meaning, by the names of confluent-kafka, kafka-python,
aiokafka and Faust.
"""

from __future__ import annotations

import logging
from typing import Any

from throughline.sources.connection.security import Security
from throughline.sources.connection.token import ForAiokafka, ForKafkaPython, TokenSource

# At their lowest level the clients in Python log their settings and every request, and so passwords and tokens.
_TALKATIVE = (
    *("kafka.admin.client", "kafka.consumer.group", "kafka.producer.kafka"),
    *("kafka.net.connection", "kafka.net.manager", "kafka.protocol.parser", "aiokafka.conn"),
)
for _name in _TALKATIVE:
    logging.getLogger(_name).addFilter(lambda record: record.levelno > logging.DEBUG)


def for_confluent(security: Security) -> dict[str, Any]:
    """Settings of librdkafka. It gets its tokens itself."""
    found: dict[str, Any] = {"security.protocol": security.protocol}
    if security.has_tls:
        files = {
            "ssl.ca.location": security.authority,
            "ssl.certificate.location": security.certificate,
            "ssl.key.location": security.key,
        }
        found |= {name: str(file) for name, file in files.items() if file is not None}
        if security.key_password is not None:
            found["ssl.key.password"] = security.key_password.reveal()
    if security.mechanism is None:
        return found
    found["sasl.mechanism"] = security.mechanism
    if security.tokens is None:
        return found | {"sasl.username": security.user, "sasl.password": security.password.reveal()}
    tokens = security.tokens
    said = {
        "sasl.oauthbearer.scope": tokens.scope,
        "sasl.oauthbearer.extensions": ",".join(f"{name}={value}" for name, value in tokens.extensions),
        "https.ca.location": "" if tokens.authority is None else str(tokens.authority),
    }
    return found | {
        "sasl.oauthbearer.method": "oidc",
        "sasl.oauthbearer.token.endpoint.url": tokens.url,
        "sasl.oauthbearer.client.id": tokens.client,
        "sasl.oauthbearer.client.secret": tokens.secret.reveal(),
        **{name: value for name, value in said.items() if value},
    }


def for_kafka_python(security: Security) -> dict[str, Any]:
    """Settings of kafka-python's clients."""
    return _for_python(security, ForKafkaPython)


def for_aiokafka(security: Security) -> dict[str, Any]:
    """Settings of aiokafka's clients."""
    return _for_python(security, ForAiokafka)


def for_faust(security: Security) -> Any:
    """Credentials of a Faust app; None where it needs none. Imports Faust, which takes a second."""
    import faust
    from faust.auth import OAuthCredentials

    tls = security.tls()
    if security.mechanism is None:
        return None if tls is None else faust.SSLCredentials(context=tls)
    if security.tokens is not None:
        return OAuthCredentials(oauth_cb=ForAiokafka(TokenSource(security.tokens)), ssl_context=tls)
    return faust.SASLCredentials(
        username=security.user, password=security.password.reveal(), mechanism=security.mechanism, ssl_context=tls
    )


def _for_python(security: Security, provider: type[ForAiokafka] | type[ForKafkaPython]) -> dict[str, Any]:
    found: dict[str, Any] = {"security_protocol": security.protocol}
    if (tls := security.tls()) is not None:
        found["ssl_context"] = tls
    if security.mechanism is None:
        return found
    found["sasl_mechanism"] = security.mechanism
    if security.tokens is not None:
        return found | {"sasl_oauth_token_provider": provider(TokenSource(security.tokens))}
    return found | {"sasl_plain_username": security.user, "sasl_plain_password": security.password.reveal()}
