"""What time it is for the broker, beside our own clock."""

from __future__ import annotations

import time

from kafka.errors import ClusterAuthorizationFailedError, UnsupportedVersionError

from throughline.sources.connection.security import OPEN, Security
from throughline.streams.log.broker_topics import broker_admin


def seconds_ahead(bootstrap: str, security: Security = OPEN) -> float | None:
    """How far the clock of the broker's leading controller is ahead of ours; None where it does not say.

    Kafka has no question for the time. The leader of the quorum says of itself that it caught up at this moment
    (`LeaderState.describeReplicaState` of Kafka), and that is asked for: it needs the right to describe the cluster.
    The answer is as exact as half of the time that it took.
    """
    with broker_admin(bootstrap, security) as admin:
        asked = time.time()
        try:
            answer = admin.describe_metadata_quorum()
        except (ClusterAuthorizationFailedError, UnsupportedVersionError):
            return None
        answered = time.time()
    partition = answer["topics"][0]["partitions"][0]
    moments = [
        voter.get("last_caught_up_timestamp", -1)
        for voter in partition.get("current_voters", [])
        if voter["replica_id"] == partition["leader_id"]
    ]
    if not moments or moments[0] <= 0:
        return None
    return float(moments[0] / 1000 - (asked + answered) / 2)
