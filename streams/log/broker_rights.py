"""The rights that a broker gives (its ACLs), beside the least that is needed; and what is missing of them is given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import ClusterAuthorizationFailedError, SecurityDisabledError

from throughline.errors import BrokerRefused
from throughline.sources.connection.security import OPEN, Security
from throughline.streams.log.broker_topics import broker_admin
from throughline.streams.log.rights import Right

_ANY_HOST = "*"
_OPERATIONS = {
    "Read": ACLOperation.READ,
    "Write": ACLOperation.WRITE,
    "Describe": ACLOperation.DESCRIBE,
    "Create": ACLOperation.CREATE,
    "DescribeConfigs": ACLOperation.DESCRIBE_CONFIGS,
}
_RESOURCES = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}
_EVERYTHING = ACLFilter(
    None,
    None,
    ACLOperation.ANY,
    ACLPermissionType.ANY,
    ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY),
)


@dataclass(frozen=True)
class Compared:
    """What is needed and not given, and what is given (or denied) besides, as a sentence each."""

    missing: Sequence[Right]
    extra: Sequence[str]


def compare_rights(bootstrap: str, wanted: Sequence[Right], security: Security = OPEN) -> Compared:
    """What the broker gives otherwise than `wanted`, as far as it concerns the topics and groups named there, by their
    names, by prefixes or for all; and what it gives those principals over the cluster itself. Super users need no right
    and are not seen.

    Raises BrokerUnavailable, and BrokerRefused where the broker does not say or checks no rights.
    """
    with broker_admin(bootstrap, security) as admin:
        return _compared(_given(admin), wanted)


def give_rights(bootstrap: str, wanted: Sequence[Right], security: Security = OPEN) -> Compared:
    """Give what is missing, and take nothing away; what was missing and what is given besides. Raises as above."""
    with broker_admin(bootstrap, security) as admin:
        compared = _compared(_given(admin), wanted)
        if compared.missing:
            answer = admin.create_acls([_acl(right) for right in compared.missing])
            if answer["failed"]:
                error = answer["failed"][0]
                raise BrokerRefused(
                    f"The broker gives {len(answer['failed'])} of {len(compared.missing)} rights not: "
                    f"{error.__name__}.",
                    reason=error.__name__,
                    hint="Run this as one of the broker's super users (`super.users`), or with Alter on the cluster.",
                )
    return compared


def _compared(given: Iterable[ACL], wanted: Sequence[Right]) -> Compared:
    acls = {_acl(right): right for right in wanted}
    there = set(given)
    names = {kind: {one.name for one in wanted if _RESOURCES[one.resource] == kind} for kind in _RESOURCES.values()}
    principals = {right.principal for right in wanted}
    extra = [acl for acl in there - acls.keys() if _concerns(acl, names, principals)]
    return Compared([right for acl, right in acls.items() if acl not in there], sorted(_sentence(acl) for acl in extra))


def _concerns(acl: ACL, names: dict[ResourceType, set[str]], principals: set[str]) -> bool:
    pattern = acl.resource_pattern
    if pattern.resource_type == ResourceType.CLUSTER:
        return acl.principal in principals
    ours = names.get(pattern.resource_type, set())
    if pattern.pattern_type == ACLResourcePatternType.PREFIXED:
        return any(name.startswith(pattern.resource_name) for name in ours)
    return pattern.resource_name in ours or (pattern.resource_name == "*" and bool(ours))


def _sentence(acl: ACL) -> str:
    pattern = acl.resource_pattern
    kind = pattern.resource_type.name.lower()
    may = "may" if acl.permission_type == ACLPermissionType.ALLOW else "may not"
    what = acl.operation.name.title().replace("_", "")
    name = pattern.resource_name
    if kind == "cluster":
        where = "the cluster"
    elif pattern.pattern_type == ACLResourcePatternType.PREFIXED:
        where = f"every {kind} that begins with {name}"
    else:
        where = f"every {kind}" if name == "*" else f"{kind} {name}"
    host = "" if acl.host == _ANY_HOST else f" from {acl.host}"
    return f"{acl.principal} {may} {what} {where}{host}"


def _given(admin: KafkaAdminClient) -> list[ACL]:
    """Every right that the broker has written down."""
    try:
        found, _ = admin.describe_acls(_EVERYTHING)
    except SecurityDisabledError as error:
        raise BrokerRefused(
            "The broker checks no rights: whoever reaches it may read and write everything.",
            reason=str(error),
            hint="Set `authorizer.class.name` and `super.users` on the broker (docs/how-to/secure-broker.md).",
        ) from None
    except ClusterAuthorizationFailedError as error:
        raise BrokerRefused(
            "The broker does not show its rights to this user.",
            reason=str(error),
            hint="Run this as one of the broker's super users (`super.users`), or with Describe on the cluster.",
        ) from None
    return list(found)


def _acl(right: Right) -> ACL:
    return ACL(
        right.principal,
        _ANY_HOST,
        _OPERATIONS[right.operation],
        ACLPermissionType.ALLOW,
        ResourcePattern(_RESOURCES[right.resource], right.name),
    )
