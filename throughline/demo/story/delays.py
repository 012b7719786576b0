"""How long things take and how often things happen in the made-up population.

Figures that a source states carry it; all others are only plausible. Sources are sections and marks of the
domain notes. Delays are in days.
"""

from __future__ import annotations

from throughline.demo.story.chance import Delay, Mix

# Shares ----

FIRST_TRIAGE_NOT_ACCEPTED = 0.407  # files that CPS triage does not accept at the first attempt
LATER_TRIAGE_NOT_ACCEPTED = 0.18
# "nearly 50% of all Sexual Assault and Abuse reports are filed due to victim attrition" (domain 1.8 F88)
SEXUAL_WITHDRAWN = 0.505  # some of these stand open still at `until`
OTHER_WITHDRAWN = 0.36
DA_ARRESTED = 0.33  # 33 arrests for 100 crimes flagged as domestic abuse (domain 4.3 [H10])
OTHER_ARRESTED = 0.45

# Recording: time from the happening to the entry in the publisher's system (domain 1.1) ----

RECORDED = {
    "police_rms": Delay((0, 0.002), (0.7, 0.1), (0.88, 0.9), (0.97, 6), (1, 21)),
    "police_files": Delay((0, 0.001), (0.8, 0.04), (0.94, 1), (1, 9)),
    "cps_cases": Delay((0, 0.001), (0.85, 0.02), (0.96, 1), (1, 6)),
    "isva_idva": Delay((0, 0.01), (0.5, 0.3), (0.8, 3), (0.95, 10), (1, 30)),
    "stalking_advocacy": Delay((0, 0.01), (0.6, 0.3), (0.85, 2), (1, 21)),
    "witness_care": Delay((0, 0.005), (0.85, 0.3), (1, 5)),
    "court": Delay((0, 0.01), (0.75, 0.6), (0.93, 2), (1, 8)),
}

# Police ----

RECORD = Delay((0, 0.02), (0.6, 0.5), (0.87, 1), (0.97, 4), (1, 20))  # within 24 hours is the rule (NCRS [H6])
ALLOCATE = Delay((0, 0.1), (0.5, 2), (0.8, 6), (1, 25))
ALLOCATE_NON_RECENT = Delay((0, 2), (0.5, 21), (0.8, 55), (1, 120))  # "very protracted" (F27)
TAKE_OVER = Delay((0, 0.2), (0.5, 3), (0.8, 10), (1, 40))
CODE_STEP = Delay((0, 0.2), (0.5, 3), (0.8, 8), (1, 40))
ACCOUNT = Delay((0, 1), (0.4, 9), (0.8, 30), (1, 90))
ARREST = Delay((0, 0.1), (0.4, 1), (0.7, 12), (1, 90))
INVESTIGATE = Delay((0, 8), (0.25, 40), (0.5, 95), (0.75, 180), (0.9, 300), (1, 480))
OFFICER_STAYS = Delay((0, 25), (0.5, 170), (0.8, 340), (1, 700))
WITHDRAW_EARLY = Delay((0, 0.2), (0.5, 4), (1, 18))
WITHDRAW_LATER = Delay((0, 15), (0.5, 80), (0.85, 170), (1, 260))
FILE_OUTCOME = Delay((0, 0.3), (0.5, 9), (0.8, 25), (1, 70))

# Between police and prosecutor ----

RECEIPT = Delay((0, 0.02), (0.6, 0.6), (0.85, 3), (1, 9))
TRIAGE = Delay((0, 0.2), (0.5, 3), (0.85, 7), (1, 15))
TAKE_IN = Delay((0, 0.2), (0.4, 3), (0.75, 12), (1, 45))  # police open what came back
RESUBMIT = Delay((0, 2), (0.45, 14), (0.75, 35), (0.92, 70), (1, 130))
ALLOCATE_REVIEW = Delay((0, 0.1), (0.6, 2), (1, 7))
# About 75% of reviews are done within 28 days (published nationally: 80.4% [C7])
REVIEW_28 = Delay((0, 3), (0.35, 17), (0.735, 28), (0.9, 45), (1, 95))
REVIEW_5 = Delay((0, 0.5), (0.75, 4.8), (1, 14))
REVIEW_RED = Delay((0, 0.02), (0.8, 0.12), (1, 0.4))  # three hours are 0.125 days
EARLY_ADVICE = Delay((0, 4), (0.6, 21), (0.9, 45), (1, 80))
ITEM = Delay((0, 1), (0.5, 20), (0.75, 40), (0.92, 85), (1, 150))
DECISION_TAKEN_IN = Delay((0, 0.1), (0.5, 1.5), (0.8, 6), (1, 25))
SILENCE = Delay((0, 92), (0.5, 110), (1, 190))  # before an administrative finalisation; period unconfirmed

# Victims ----

FIRST_CONTACT = Delay((0, 0.3), (0.5, 4), (0.75, 14), (0.93, 60), (1, 110))  # "3 months after reporting" (F02)
BETWEEN_CONTACTS = Delay((0, 6), (0.4, 28), (0.7, 60), (0.92, 130), (1, 210))  # "up to six months" (F01)
ANSWER = Delay((0, 0.05), (0.5, 1.5), (0.8, 6), (1, 30))
TELL = Delay((0, 0.05), (0.45, 0.9), (0.7, 4), (0.9, 14), (1, 45))
TELL_NFA = Delay((0, 0.3), (0.35, 4), (0.6, 12), (0.85, 45), (1, 120))
LETTER = Delay((0, 0.5), (0.55, 1.3), (0.8, 6), (1, 30))

# Courts, witness care and advocates ----

CHARGE_FILE = Delay((0, 0.1), (0.6, 1.6), (0.9, 4), (1, 12))  # "24–48 hour timescales" (domain 2.3 [C12])
CHARGE = Delay((0, 0.05), (0.5, 3), (0.85, 12), (1, 40))
FIRST_HEARING = Delay((0, 2), (0.5, 24), (1, 50))
BETWEEN_HEARINGS = Delay((0, 25), (0.5, 35), (1, 60))
TRIAL = Delay((0, 70), (0.5, 210), (0.85, 380), (1, 520))
COURT_TO_WCU = Delay((0, 0.1), (0.8, 5), (1, 20))  # within five working days (right 8 [V2])
WCU_TELLS = Delay((0, 0.05), (0.65, 0.9), (0.9, 4), (1, 12))
REFERRAL = Delay((0, 0.05), (0.6, 1.8), (0.9, 8), (1, 25))  # within two working days (right 4 [V4])
ADVOCATE_REACHES = Delay((0, 0.2), (0.6, 2), (0.9, 9), (1, 25))
BETWEEN_SUPPORT = Delay((0, 5), (0.5, 18), (0.9, 45), (1, 80))

# What things are ----

THEMES = Mix({"domestic_abuse": 40.0, "stalking_harassment": 25, "rape": 17, "other_sexual": 18})
OFFENCES = {
    "domestic_abuse": Mix(
        {"violence": 58.0, "controlling_or_coercive_behaviour": 20, "harassment": 12, "order_breach": 10}
    ),
    "stalking_harassment": Mix({"stalking": 45.0, "harassment": 38, "malicious_communications": 17}),
    "rape": Mix({"rape": 1.0}),
    "other_sexual": Mix({"other_sexual": 1.0}),
}
WITHDRAWAL_STAGE = Mix({"at_report": 28.0, "investigation": 54, "awaiting_charging_decision": 18})
WITHDRAWAL_REASONS = Mix(
    {"wellbeing": 24.0, "delay": 22, "fear_of_suspect": 15, "loss_of_confidence": 15, "wants_to_move_on": 10}
    | {"family_pressure": 8, "privacy_of_device": 6}
)
# What police write down is vaguer than what the advocate hears ([N4])
WITHDRAWAL_REASONS_POLICE = Mix({"not_stated": 55.0, "wants_to_move_on": 20, "wellbeing": 10, "other": 15})
# The 13 standard reasons (domain 2.3 [G1][G2]); how often each is given is only plausible
TRIAGE_REASONS = Mix(
    {
        "Case material not correctly received": 9.0,
        "No/missing disclosure schedule": 16,
        "No MG3": 5,
        "No/incomplete supervisor's comments": 8,
        "No DV checklist": 8,
        "No/missing MG11s": 14,
        "No/missing exhibits": 10,
        "No summary of interview": 7,
        "Missing suspect's previous convictions": 6,
        "Missing victim/witness previous convictions": 5,
        "Hard media not provided": 9,
        "Third party material not provided": 8,
        "Incomplete OIC contact details": 3,
    }
)
RED_REASONS = Mix(
    {"Check custody status and resubmit": 1.0, "Insufficient information to determine a charging advice": 1}
)
ITEM_CATEGORIES = Mix(
    {"statement": 20.0, "victim_device": 14, "third_party_material": 13, "media": 12, "disclosure_schedule": 12}
    | {"suspect_device": 9, "forensic": 7, "medical": 6, "interview": 4, "previous_convictions": 3}
)
UPDATE_CHANNELS = Mix({"telephone": 45.0, "email": 30, "sms": 15, "in_person": 6, "voicemail": 4})
NFA_CHANNELS = Mix({"email": 48.0, "letter": 22, "telephone": 24, "in_person": 6})  # "emailed or told" (F07)
TELL_CHANNELS = Mix({"telephone": 50.0, "email": 30, "sms": 12, "in_person": 8})
REPORT_CHANNELS = Mix({"call_101": 40.0, "call_999": 32, "portal": 14, "front_counter": 14})
CHARGING = {
    "domestic_abuse": Mix({"charge": 66.0, "nfa_evidential": 28, "nfa_public_interest": 4, "oocd": 2}),
    "stalking_harassment": Mix({"charge": 58.0, "nfa_evidential": 34, "nfa_public_interest": 4, "oocd": 4}),
    "rape": Mix({"charge": 52.0, "nfa_evidential": 46, "nfa_public_interest": 2}),
    "other_sexual": Mix({"charge": 58.0, "nfa_evidential": 39, "nfa_public_interest": 3}),
}
