"""May this viewer? Pure: each answers yes, or the reason why not."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.rules.vocabulary import Word
from app.viewer import AgencyViewer, Anonymous, CitizenViewer, Viewer


class Scope(Word):
    """What an agency's token may be given."""

    CITIZEN_READ = "citizen:read"
    CITIZEN_LOOKUP = "citizen:lookup"
    ENTITLEMENT_READ = "entitlement:read"
    PAYMENT_READ = "payment:read"
    BANK_ACCOUNT_READ = "bank-account:read"
    DISABILITY_READ = "disability:read"
    DISBURSEMENT_WRITE = "disbursement:write"
    BATCH_READ = "batch:read"


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and why; the reason never says whether a datum exists."""

    reason: str


Decision = Refused | None  # None: allowed


def may_use(viewer: Viewer, scope: Scope) -> Decision:
    """A field of a citizen already admitted: the citizen always, an agency by scope and purpose."""
    match viewer:
        case CitizenViewer():
            return None
        case AgencyViewer() if scope.value not in viewer.scopes:
            return Refused(f"Needs the scope {scope.value}.")
        case AgencyViewer() if viewer.purpose is None:
            return Refused("Needs a purpose: a claim of the token, or the X-Purpose header.")
        case AgencyViewer():
            return None
        case Anonymous():
            return Refused("Needs a token: sign in.")


def may_work(viewer: Viewer, scope: Scope) -> Decision:
    """What agencies do among themselves, by scope alone: nothing of a citizen is given, so there is
    no purpose that a citizen would read."""
    match viewer:
        case AgencyViewer() if scope.value in viewer.scopes:
            return None
        case AgencyViewer():
            return Refused(f"Needs the scope {scope.value}.")
        case CitizenViewer():
            return Refused("Is for agencies alone.")
        case Anonymous():
            return Refused("Needs a token: sign in.")


def may_read_own(viewer: Viewer) -> Decision:
    """What is for the citizen's own eyes alone; a citizen reaches nobody but themselves."""
    match viewer:
        case CitizenViewer():
            return None
        case AgencyViewer():
            return Refused("Is for the citizen alone.")
        case Anonymous():
            return Refused("Needs a token: sign in.")


def may_serve(viewer: AgencyViewer, local_authority_codes: Iterable[str]) -> Decision:
    """An agency limited to its own local authorities sees their citizens alone.

    `local_authority_codes`: where the citizen lives, and where a right of theirs is registered.
    """
    allowed = viewer.local_authority_codes
    if allowed is None or not allowed.isdisjoint(local_authority_codes):
        return None
    return Refused("Is limited to other local authorities.")
