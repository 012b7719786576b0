"""The catalogue of England and Wales has every event, holder and list of values that its sources name."""

from __future__ import annotations

import re
from itertools import product

import pytest

from throughline.schemas.definitions.domain import Domain, load_domain

# agency: things with what happens to them, as in the list of events that the findings of the review imply
NAMED = {
    "police": """
        incident: logged triaged graded
        crime: recorded reclassified linked cancelled
        case: urn_allocated split merged status_stated viewed_by_cover
        officer: allocated reassigned absence_started absence_ended
        victim: contact_agreement_set contact_details_given contact_promised contact_requested contact_attempted
        victim: contact_made told timeline_explained needs_assessed enhanced_rights_decided code_explained
        victim: preference_recorded referral_made account_taken support_withdrawn support_resumed
        victim: appointment_scheduled appointment_kept appointment_cancelled appointment_missed
        front_counter: attended
        interpreter: requested booked attended
        course_of_conduct: identified
        risk: assessed
        marac: referred heard repeat_flagged
        evidence: line_opened collected discounted lost material_disclosed
        device: requested notice_given taken extracted returned
        third_party_material: requested notice_given received
        suspect: identified arrested interviewed released charged
        bail: imposed varied extended ended condition_considered
        order: considered applied granted refused served varied breach_reported breach_actioned expired
        order: condition_considered requested_on_file
        safety: escort_requested escort_offered escort_completed measure_provided advice_given
        special_measures: discussed
        therapy_advice: given
        parallel_proceedings: flagged opened closed
        file: submitted resubmitted
        action_plan: item_supplied disputed responded
        escalation: raised decided
        decision: recorded
        investigation: supervised outcome_assigned reopened
        vrr: requested acknowledged decided
        spoc: assigned
    """,
    "cps": """
        pcd: received triaged allocated reviewed decided admin_finalised
        early_advice: requested triaged given
        action_plan: issued item_requested chased closed
        dga: assessed dispute_recorded
        charge: authorised altered
        case: discontinued finalised status_stated
        victim: letter_sent told meeting_offered timeline_explained
        vrr: requested decided
        special_measures: applied
        restraining_order: considered applied
        advocate_query: received answered
        spoc: assigned
    """,
    "hmcts": """
        hearing: listed vacated held resulted
        order: made
        case: completed
        special_measures: decided
        sexual_history_application: received decided
    """,
    "wcu": "victim: told needs_assessed timeline_explained",
    "advocate": """
        referral: received accepted declined
        first_contact: made
        case: opened closed
        support_plan: set
        contact: made
        update: requested received
        concern: raised
        victim: told code_explained support_withdrawn support_resumed
        prior_incidents: disclosed
        therapy: wanted deferred started ended
        feedback: recorded
        safety_measure: recorded
        spoc: assigned
    """,
    "opcc": """
        feedback: recorded
        recommendation: tracked
        engagement_event: held
    """,
}

# type, decision: (effect, target); what the notes on who holds the case after each event say
HOLDER = [
    ("police.crime.recorded", None, ("holds", None)),
    ("police.file.submitted", None, ("sends", "cps")),
    ("cps.pcd.received", None, ("receives", None)),
    ("cps.pcd.triaged", "accept", ("receives", None)),
    ("cps.pcd.triaged", "reject", ("sends", "police")),
    ("cps.action_plan.issued", None, ("sends", "police")),
    ("police.action_plan.responded", None, ("sends", "cps")),
    ("police.file.resubmitted", None, ("sends", "cps")),
    ("cps.pcd.admin_finalised", None, ("sends", "police")),
    ("cps.pcd.decided", "charge", ("sends", "police")),
    ("cps.pcd.decided", "nfa_evidential", ("sends", "police")),
    ("cps.pcd.decided", "nfa_public_interest", ("sends", "police")),
    ("police.suspect.charged", None, ("holds", None)),
    ("police.case.charge_file_submitted", None, ("sends", "hmcts")),
    ("police.investigation.outcome_assigned", "16", ("closes", None)),
    ("police.investigation.outcome_assigned", "1", None),
    ("police.vrr.requested", None, ("holds", None)),
    ("cps.vrr.requested", None, ("holds", None)),
    ("hmcts.hearing.resulted", None, ("holds", None)),
]

TRIAGE_REASONS = [
    "Case material not correctly received",
    "No/missing disclosure schedule",
    "No MG3",
    "No/incomplete supervisor's comments",
    "No DV checklist",
    "No/missing MG11s",
    "No/missing exhibits",
    "No summary of interview",
    "Missing suspect's previous convictions",
    "Missing victim/witness previous convictions",
    "Hard media not provided",
    "Third party material not provided",
    "Incomplete OIC contact details",
]
RED_REASONS = ["Check custody status and resubmit", "Insufficient information to determine a charging advice"]

# Lists that a type's `decision` takes; the type writes the values out, because each has its own.
DECISIONS = {
    "account_stages": "police.victim.account_taken",
    "bail_purposes": "police.bail.imposed",
    "breach_actions": "police.order.breach_actioned",
    "call_triage_results": "police.incident.triaged",
    "case_results": "hmcts.case.completed",
    "charging_decisions": "cps.pcd.decided",
    "dispute_outcomes": "cps.dga.dispute_recorded",
    "dvds_routes": "police.disclosure_scheme.applied",
    "finalisations": "cps.case.finalised",
    "hearing_results": "hmcts.hearing.resulted",
    "order_types": "police.order.granted",
    "outcome_codes": "police.investigation.outcome_assigned",
    "recommendation_states": "opcc.recommendation.tracked",
    "release_types": "police.suspect.released",
    "request_priorities": "police.pcd.requested",
    "review_types": "cps.pcd.allocated",
    "vrr_decisions": "cps.vrr.decided",
}


@pytest.fixture(scope="module")
def domain() -> Domain:
    return load_domain()


def test_every_event_that_the_findings_imply_is_in_the_catalogue(domain: Domain) -> None:
    """Given the list of events by agency, then each has a type."""
    named = {
        f"{agency}.{thing.strip()}.{happened}"
        for agency, text in NAMED.items()
        for line in text.strip().splitlines()
        for thing, _, happenings in [line.partition(":")]
        for happened in happenings.split()
    }
    assert len(named) > 150
    assert named - domain.types.keys() == set()


def test_a_name_says_what_happened(domain: Domain) -> None:
    """Given any type, then its last word has a past participle: something happened, nothing is ordered."""
    irregular = {"given", "heard", "held", "kept", "lost", "made", "met", "sent", "set", "split", "taken", "told"}
    irregular |= {"withdrawn", "sought"}
    odd = [
        name
        for name in domain.types
        if not any(word.endswith("ed") or word in irregular for word in re.split("_", name.rpartition(".")[2]))
    ]
    assert odd == []


@pytest.mark.parametrize(("name", "decision", "expected"), HOLDER, ids=lambda value: str(value))
def test_who_holds_the_case_after_an_event(
    domain: Domain, name: str, decision: str | None, expected: tuple[str, str | None] | None
) -> None:
    """Given an event and its decision, then the first effect that matches is the one of the notes."""
    effects = [
        (one.effect, one.target)
        for one in domain.types[name].effects
        if one.when is None or (decision is not None and decision in one.when)
    ]
    assert effects[:1] == ([] if expected is None else [expected])


def test_the_reasons_for_a_rejection_are_verbatim(domain: Domain) -> None:
    """Given a rejection at triage, then it may have the 13 standard reasons and the two of a red request."""
    assert list(domain.enums["triage_reasons"].labels) == TRIAGE_REASONS
    assert list(domain.enums["red_rejection_reasons"].labels) == RED_REASONS
    for name in ("cps.pcd.triaged", "cps.early_advice.triaged"):
        assert domain.types[name].fields["reasons"].values == (*TRIAGE_REASONS, *RED_REASONS)


def test_the_outcomes_are_those_of_the_home_office(domain: Domain) -> None:
    """Given the list of outcome types, then 0 to 22 are in it, and the three alternates of research data."""
    codes = set(domain.enums["outcome_codes"].labels)
    assert codes == {str(number) for number in range(23)} | {"1A", "2A", "3A"}


def test_a_final_outcome_closes_the_case_and_no_other(domain: Domain) -> None:
    """Given the outcomes, then all close the case but 0 (not yet assigned) and 1, 1A (charged)."""
    (effect,) = domain.types["police.investigation.outcome_assigned"].effects
    assert set(effect.when or ()) == set(domain.enums["outcome_codes"].labels) - {"0", "1", "1A"}


def test_families_of_failures_are_named(domain: Domain) -> None:
    """Given an assessment of a file, then the four families, and the media faults told apart."""
    assert list(domain.enums["dga_failure_families"].labels) == [
        "breach",
        "disclosure",
        "evidential",
        "victim_and_witness",
    ]
    media = {f"media_{fault}" for fault in ("not_clipped", "not_playable", "not_provided")}
    assert media < set(domain.enums["dga_failures"].labels)


@pytest.mark.parametrize(("enum", "name"), DECISIONS.items())
def test_the_values_of_a_decision_are_those_of_its_list(domain: Domain, enum: str, name: str) -> None:
    """Given a type that writes out its decisions, then the list that documents them has the same."""
    assert domain.types[name].fields["decision"].values == tuple(domain.enums[enum].labels)


def test_every_list_is_used(domain: Domain) -> None:
    """Given a list of values, then a field, a decision or a facet takes it, or it is part of one that is."""
    fields = {field.enum for field in domain.fields.values()}
    taken = {use.values for type_ in domain.types.values() for use in type_.fields.values()}
    taken |= {tuple(facet.labels) for facet in domain.facets}
    parts = {"triage_reasons", "red_rejection_reasons"}
    unused = {
        name
        for name, enum in domain.enums.items()
        if name not in fields and name not in parts and tuple(enum.labels) not in taken
    }
    assert unused == set()


def test_persons_never_join_cases(domain: Domain) -> None:
    """Given the kinds that name a person, then none links, and each is carried where repeats are looked for."""
    kinds = {kind.kind: kind for kind in domain.identifiers}
    assert not any(kinds[kind].links for kind in ("victim_ref", "suspect_ref", "pnc_id"))
    types = ("police.incident.logged", "police.crime.recorded", "police.marac.referred", "police.marac.repeat_flagged")
    for name, kind in product(types, ("victim_ref", "suspect_ref")):
        assert kind in domain.types[name].identifiers
