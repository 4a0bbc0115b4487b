"""What is told to whom a role does not let in: whose work it is, in plain words (never the permission's key)."""

from __future__ import annotations

from fusioncell.web.words import N_

_ONLY: dict[str, str] = {
    "contribute": N_("Only those who may contribute write and send here; your role reads."),
    "read": N_("Only members of the partnership read this; a key for one use alone does not."),
    "search": N_("Your role does not search."),
    "stream": N_("Your role does not follow the stream."),
    "match": N_("Your role does not match lists and logs against the picture."),
    "export": N_("Your role does not take data out; those who contribute, auditors and operators may."),
    "recall": N_("Only those who may contribute can take back what their organisation contributed."),
    "propose": N_("Only analysts and approvers propose what is to be blocked and join what belongs together."),
    "approve": N_("Only approvers decide what is blocked."),
    "withdraw_block": N_("Only approvers end a block."),
    "administer_members": N_("Only administrators of the hub manage its organisations, people and keys."),
    "operate": N_("Only operators of the hub see and change how it runs."),
    "audit": N_("Only auditors and operators read the log of what people did."),
    "sponsor": N_("Only those who may contribute can stand for an applicant."),
    "vet": N_("Only the secretaries decide on applications."),
    "lead": N_("Only the leads of an organisation manage its people, its networks and its terms."),
    "edit": N_("Only editors publish in the name of others."),
    "moderate": N_("Only moderators open groups and event rooms, and close threads."),
    "answer": N_("Only analysts of the Fusion Cell sort what came, give verdicts and write products."),
    "unseal": N_("Only the two officers together can reveal who wrote anonymously."),
    "hold": N_("Only officers keep personal data from being erased for a case."),
    "federate": N_("Only other hubs, with a key of their own, use the doors of federation."),
    "report_hits": N_("Only internet providers report what their resolvers blocked."),
    "deconflict": N_("Only police and officers hold a name back from being blocked for a case."),
}
"""By permission (``members.model.PERMISSIONS``). Administrators may most of it too."""

ASK = N_("If it is your work, ask who leads your organisation, or an administrator of the hub, for the role.")
"""What to do for whom a role does not let in."""


def refusal(permission: str) -> tuple[str, str]:
    """Return what to tell one whose role lacks a permission, and what to do."""
    return str(_ONLY[permission]), str(ASK)
