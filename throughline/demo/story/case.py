"""One made-up case: what each agency calls it, who has it, and the events that each publishes about it.

Every identifier is made up so that it shows: URNs have the unit ZZ or Z0 to Z9, numbers begin with 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from throughline.demo.story import delays
from throughline.demo.story.chance import Chance, Delay
from throughline.demo.story.instants import DAY, day_text, instant_text, office_time

_SOURCES = {
    "police_rms": "urn:throughline:police:{area}:rms",
    "police_files": "urn:throughline:police:{area}:files",
    "cps_cases": "urn:throughline:cps:west-midlands:cases",
    "isva_idva": "urn:throughline:advocate:isva-idva",
    "stalking_advocacy": "urn:throughline:advocate:stalking",
    "witness_care": "urn:throughline:wcu:west-midlands",
    "court": "urn:throughline:hmcts:west-midlands",
}
SYSTEMS = tuple(_SOURCES)
"""The publishers: police records, police files, prosecutor, two advocate services, witness care, courts."""

SOURCES = {area: {system: name.format(area=area) for system, name in _SOURCES.items()} for area in ("20", "21")}
_LETTERS = dict(zip(SYSTEMS, "RFCASWH", strict=True))
LOCAL_UNITS = {"20": ("20BH", "20CV", "20GA", "20HA", "20KD", "20LA"), "21": ("21RA", "21RB")}
_UNIT_MARKS = "Z0123456789"
_OFFICERS = 400

Publication = tuple[int, str, dict[str, Any]]
"""Recorded time, id, CloudEvent."""


def pseudonym(letter: str, seed: int, number: int) -> str:
    """A made-up keyed pseudonym: `v-` or `o-` and eight hexadecimal digits."""
    digest = blake2b(f"{seed}:{letter}:{number}".encode(), digest_size=4).hexdigest()
    return f"{letter}-{digest}"


class Case:
    """A case while its story is told. `serial` counts from 0; times are seconds since 1970 UTC."""

    def __init__(
        self,
        seed: int,
        serial: int,
        reported: int,
        until: int,
        wire_types: Mapping[str, str],
        out: Mapping[str, list[Publication]],
    ) -> None:
        self.chance = chance = Chance(seed * 1_000_003 + serial)
        self.until, self.reported, self.serial = until, reported, serial
        self._wire_types, self._out = wire_types, out
        self._count = self._references = 0
        self.area = area = "21" if serial % 14 == 13 else "20"  # a few cases of the neighbour
        self.sources = SOURCES[area]
        self.theme = delays.THEMES.at(chance.next())
        self.sexual = self.theme in ("rape", "other_sexual")
        self.offence = delays.OFFENCES[self.theme].at(chance.next())
        self.domestic = self.theme == "domestic_abuse" or chance.share(0.35)
        self.non_recent = self.sexual and chance.share(0.3)
        self.withdraws = (
            delays.WITHDRAWAL_STAGE.at(chance.next())
            if chance.share(delays.SEXUAL_WITHDRAWN if self.sexual else delays.OTHER_WITHDRAWN)
            else None
        )
        # One victim in fifteen has reported before: a case that only the pseudonym joins to this one.
        earlier = serial - 1 - int(chance.next() * 40) if chance.share(0.065) else serial
        self.victim = pseudonym("v", seed, max(earlier, 0))
        self.chain = chance.share(0.07)  # no two agencies share a number: joined over several events only
        self.unit = chance.one(LOCAL_UNITS[area])
        self.cps_unit = "WM-RASSO" if self.sexual else "WM-MAG"

        day = day_text(reported)
        self.year = day[2:4]
        self.crime_ref = f"{area}/{900_000 + serial}/{self.year}"
        self.incident_ref = f"LOG-{serial:05d}-{day.replace('-', '')}"
        self.urn = f"{area}Z{_UNIT_MARKS[serial // 100_000 % 11]}{serial % 100_000:05d}{self.year}"
        self.urn_from: int | None = None
        self.cps_case_id = str(9_000_000 + serial)
        self.mg3_ref = f"MG3-9{serial:06d}"
        self.asn = f"{self.year}{area}ZZ00{serial:011d}Z"
        self.court_ref = f"{self.year}/ZZZZ/{serial:06d}Z"
        self.order_ref = f"ORD-9{serial:06d}"
        self.referral_ref = f"SR-9{serial:06d}"
        self.recorded = reported
        self.ended: int | None = None
        self.bail_reference: str | None = None
        self.officers = self._tour(seed, reported)

    def _tour(self, seed: int, start: int) -> list[tuple[int, str]]:
        """From when each officer has the case, the last first."""
        chance = self.chance
        tour: list[tuple[int, str]] = []
        time = start
        while time < self.until:
            tour.append((time, pseudonym("o", seed, int(chance.next() * _OFFICERS))))
            time = office_time(time + delays.OFFICER_STAYS.at(chance.next()), chance.next(), time)
        return tour[::-1]

    def officer(self, time: int) -> str:
        """Who has the case at that time."""
        for start, officer in self.officers:
            if start <= time:
                return officer
        return self.officers[-1][1]

    def later(self, time: int, seconds: int) -> int:
        """In office hours, that much later."""
        return office_time(time + seconds, self.chance.next(), time)

    def after(self, time: int, delay: Delay) -> int:
        """In office hours, after that delay: how long it is, is chance."""
        return self.later(time, delay.at(self.chance.next()))

    def days_on(self, time: int, least: float, most: float) -> int:
        """In office hours, from `least` to `most` days later."""
        return self.later(time, int((least + (most - least) * self.chance.next()) * DAY))

    def reference(self) -> str:
        """A new reference for what an event opens."""
        self._references += 1
        return f"REF-9{self.serial:05d}-{self._references}"

    def police_ids(self, time: int) -> dict[str, Any]:
        """What the police records system calls the case at that time."""
        if self.urn_from is None or self.urn_from > time or self.chain:
            return {"crime_ref": self.crime_ref}
        return {"crime_ref": self.crime_ref, "urn": self.urn}

    def file_ids(self, time: int) -> dict[str, Any]:
        """What the police file system calls it: by the URN once there is one, before by the MG3."""
        if self.chain or self.urn_from is None or self.urn_from > time:
            return {"crime_ref": self.crime_ref, "mg3_ref": self.mg3_ref}
        return {"urn": self.urn, "mg3_ref": self.mg3_ref}

    def cps_ids(self, time: int) -> dict[str, Any]:
        """What the prosecutor calls it."""
        if self.chain or self.urn_from is None or self.urn_from > time:
            return {"cps_case_id": self.cps_case_id}
        return {"cps_case_id": self.cps_case_id, "urn": self.urn}

    def court_ids(self) -> dict[str, Any]:
        """What courts and witness care call it."""
        if self.chain:
            return {"court_case_ref": self.court_ref}
        return {"court_case_ref": self.court_ref, "urn": self.urn}

    def publish(
        self, system: str, type_: str, time: int, ids: dict[str, Any], *, day_only: bool = False, **fields: Any
    ) -> str:
        """Publish an event (`fields` are of its `data`) unless it is recorded after `until`; gives its id."""
        self._count += 1
        event_id = f"{_LETTERS[system]}-{self.serial:06d}-{self._count:03d}"
        recorded = time + delays.RECORDED[system].at(self.chance.next())
        if recorded > self.until:
            return event_id
        event = {
            "specversion": "1.0",
            "id": event_id,
            "source": self.sources[system],
            "type": self._wire_types[type_],
            "time": instant_text(time),
            "recordedtime": instant_text(recorded),
            "partitionkey": self.area,
            "data": {"identifiers": ids, **fields},
        }
        if day_only:
            del event["time"]
            event["occurredon"] = day_text(time)
        self._out[system].append((recorded, event_id, event))
        return event_id

    def rms(self, type_: str, time: int, ids: dict[str, Any], **fields: Any) -> str:
        """Publish from the police records system, under other numbers than the case's, or by no officer."""
        return self.publish("police_rms", type_, time, ids, unit=self.unit, **fields)

    def police(self, type_: str, time: int, **fields: Any) -> str:
        """Publish from the police records system."""
        return self.rms(type_, time, self.police_ids(time), **fields, officer=self.officer(time))

    def of_victim(self, type_: str, time: int, **fields: Any) -> str:
        """Publish from the police records system what is about the victim."""
        return self.police(type_, time, **fields, victim=self.victim)

    def file(self, type_: str, time: int, **fields: Any) -> str:
        """Publish from the police file system."""
        ids, officer = self.file_ids(time), self.officer(time)
        return self.publish("police_files", type_, time, ids, unit=self.unit, **fields, officer=officer)

    def cps(self, type_: str, time: int, ids: dict[str, Any] | None = None, **fields: Any) -> str:
        """Publish from the prosecutor's system, under its numbers at that time unless others are given."""
        return self.publish("cps_cases", type_, time, ids or self.cps_ids(time), unit=self.cps_unit, **fields)

    def court(self, type_: str, time: int, unit: str, *, ids: dict[str, Any] | None = None, **fields: Any) -> str:
        """Publish from a court, under the court's numbers unless others are given."""
        return self.publish("court", type_, time, self.court_ids() if ids is None else ids, unit=unit, **fields)

    def due(self, time: int, days: int) -> str:
        """Text of five in the afternoon, that many days on."""
        return instant_text((time // DAY + days) * DAY + 17 * 3_600)
