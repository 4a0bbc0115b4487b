"""What the partnership had put on its horizon before the doors opened: signals, drivers, scenarios, forecasts.

All is made up. The short questions were asked, estimated and resolved within the two days that are told.
"""

from __future__ import annotations

from fusioncell.demo.plot import Beat, Scan
from fusioncell.picture.horizon.model import Kind, Paper, What

_HOUR = 3600


def _signal(title: str, category: str, text: str) -> Paper:
    return Paper(What.ITEM, kind=Kind.SIGNAL, title=title, category=category, text=text)


def _driver(title: str, category: str, text: str) -> Paper:
    return Paper(What.ITEM, kind=Kind.DRIVER, title=title, category=category, text=text)


def _scenario(title: str, text: str) -> Paper:
    return Paper(What.ITEM, kind=Kind.SCENARIO, title=title, text=text)


def _forecast(title: str, text: str) -> Paper:
    return Paper(What.ITEM, kind=Kind.FORECAST, title=title, text=text)


def _rate(impact: int, uncertainty: int) -> Paper:
    return Paper(What.RATE, impact=impact, uncertainty=uncertainty)


def _judged(word: str, confidence: str) -> Paper:
    return Paper(What.JUDGEMENT, word=word, confidence=confidence)


ITEMS: tuple[tuple[float, Scan], ...] = (
    (-47.2, Scan("university", _driver("Fraud kits are let, no longer sold", "economic", "Who used to write a kit now "
                 "runs it for others by the day: page, sender numbers and cash-out in one price. Skill is no longer "
                 "what stops anybody."), "kits")),
    (-47.1, Scan("department", _driver("Imitated voices and faces cost nothing", "technological", "A minute of a "
                 "director's speech is enough. What is uncertain is how fast call centres and banks stop to believe "
                 "what they hear."), "voices")),
    (-47.0, Scan("police", _driver("Payments cannot be called back", "legal", "Instant payments are final within "
                 "seconds; who is liable for a deceived payer is decided differently next year."), "payments")),
    (-46.9, Scan("department", _driver("Small suppliers hold keys to large houses", "economic", "Remote access of a "
                 "firm of six people opened three networks of this partnership in two years."), "suppliers")),
    (-46.5, Scan("department", _rate(4, 2), to="kits")),
    (-46.4, Scan("department", _rate(5, 4), to="voices")),
    (-46.3, Scan("department", _rate(3, 5), to="payments")),
    (-46.2, Scan("department", _rate(4, 3), to="suppliers")),
    (-40.0, Scan("bank", _signal("A caller had our director's voice, and knew his holiday", "technological",
                 "The treasurer called back on the known number and stopped it. First such call that we know of."),
                 "call")),
    (-39.0, Scan("coastline", _signal("Numbers for texts are rented by the quarter hour", "economic",
                 "Two years ago it was a week. Our block lists are late by design."), "quarter")),
    (-33.0, Scan("university", _signal("The same kit in four languages within one night", "technological",
                 "Same mistakes in all four: translated by a machine, and nobody looked at it."), "languages")),
    (-28.0, Scan("northern", _signal("Phishing pages ask for the router's password", "social",
                 "Customers type it without a thought. We do not know yet what it is for."), "router")),
    (-27.0, Scan("department", Paper(What.LINK), to="call", other="voices")),
    (-26.9, Scan("department", Paper(What.LINK), to="quarter", other="kits")),
    (-26.8, Scan("department", Paper(What.LINK), to="languages", other="kits")),
    (-26.0, Scan("department", _scenario("Nobody acts on a call any more", "Imitated voices become so common that "
                 "firms refuse every instruction by telephone. Fraud moves to messages within the firm's own systems; "
                 "the sick and the old, who have only the telephone, are cut off."), "nocalls")),
    (-25.9, Scan("department", _scenario("One landlord of all kits", "Two or three who let kits serve most of the "
                 "fraud. A single arrest would stop half of it, and for that reason they move out of reach."), "lord")),
    (-25.8, Scan("department", Paper(What.LINK), to="nocalls", other="voices")),
    (-25.7, Scan("department", Paper(What.LINK), to="lord", other="kits")),
    (-25.6, Scan("department", _judged("realistic", "low"), to="nocalls")),
    (-25.5, Scan("department", _judged("unlikely", "moderate"), to="lord")),
    (-20.0, Scan("northern", Paper(What.NOTE, text="Eleven customers by now. All had an older model with remote "
                 "management."), to="router")),
)  # fmt: skip

QUESTIONS: tuple[tuple[float, str, str, str, float, tuple[tuple[str, int], ...], str], ...] = (
    (-46.0, "northern", "Will the parcel texts name a second carrier by tomorrow noon?",
     "Yes if two members post a text that names one.", 20.0,
     (("northern", 70), ("coastline", 60), ("university", 80), ("bank", 55)), "yes"),
    (-45.5, "university", "Will the generator of PAPERLANTERN change again within a day?",
     "Yes if a sample shows another seed.", 24.0, (("university", 30), ("department", 20), ("coastline", 25)), "no"),
    (-44.5, "bank", "Will more than fifty customers call the fraud line tomorrow?",
     "The fraud line's own count, of calls over parcel texts.", 26.0,
     (("bank", 40), ("police", 30), ("department", 50)), "no"),
    (-43.0, "coastline", "Will a resolver of a member fail by flooding before the morning?",
     "Yes if a member's monitoring shows ten minutes without answers.", 12.0,
     (("coastline", 10), ("northern", 5), ("department", 8)), "no"),
    (-42.0, "police", "Will the reseller of the numbers answer by the deadline set?",
     "Yes if the answer is with the police in time.", 30.0,
     (("police", 65), ("department", 45), ("northern", 50)), "yes"),
    (-36.0, "northern", "Will a new name of the Landpost kit appear in the certificate logs overnight?",
     "Yes if the university posts one.", 14.0,
     (("university", 95), ("department", 90), ("northern", 85), ("coastline", 92)), "yes"),
)
"""When, by whom, the question, how one will know, hours until its deadline, who estimates what, and what came of it."""

OPEN: tuple[tuple[float, str, str, str, float, tuple[tuple[str, int], ...]], ...] = (
    (-24.0, "department", "Will a member lose money to an imitated voice before the end of March?",
     "Yes if a member says so here, or the police take a complaint of one.", 24.0 * 128,
     (("department", 45), ("bank", 60), ("university", 35), ("police", 70), ("department", 55))),
    (-23.0, "university", "Will one kit serve more than half of the parcel texts in January?",
     "Counted by the university, by the kit's style sheet, over all names that members post.", 24.0 * 70,
     (("university", 40), ("northern", 55))),
    (-22.0, "police", "Will the liability rule for deceived payers be in force by June?",
     "Yes if it is published in the official journal, and applies.", 24.0 * 190, (("police", 75), ("bank", 60))),
)


def past_foresight() -> list[Beat]:
    """Tell what was put on the horizon in the two days before the doors opened."""
    told = list(ITEMS)
    for number, (at, by, title, text, hours, estimates, outcome) in enumerate(QUESTIONS):
        name = f"question-{number}"
        told.append((at, Scan(by, _forecast(title, text), name, hours=hours)))
        told += [(at + 0.3 * place, Scan(who, Paper(What.ESTIMATE, percent=percent), to=name))
                 for place, (who, percent) in enumerate(estimates, 1)]  # fmt: skip
        # Whoever asked is the second person.
        told.append((at + hours + 1, Scan("department", Paper(What.OUTCOME, outcome=outcome, text="By the count that "
                                                              "was agreed on."), to=name)))  # fmt: skip
        told.append((at + hours + 2, Scan(by, Paper(What.CONFIRM), to=name)))
    for number, (at, by, title, text, hours, estimates) in enumerate(OPEN):
        name = f"open-{number}"
        told.append((at, Scan(by, _forecast(title, text), name, hours=hours)))
        told += [(at + 3 * place, Scan(who, Paper(What.ESTIMATE, percent=percent), to=name))
                 for place, (who, percent) in enumerate(estimates, 1)]  # fmt: skip
    told.append((-21.0, Scan("department", Paper(What.LINK), to="open-0", other="nocalls")))
    return [Beat(round(at * _HOUR), act) for at, act in sorted(told, key=lambda pair: pair[0])]
