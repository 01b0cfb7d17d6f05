"""The errors that a caller may read: each has a code, and a sentence without personal data."""


class AllowancesError(Exception):
    """An error meant for the caller: `code` goes to `extensions.code`, the text is shown."""

    code = "INTERNAL_SERVER_ERROR"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadInput(AllowancesError):
    """An argument, row or setting is wrong; the text names it and says what is expected."""

    code = "BAD_USER_INPUT"


class BadRequest(AllowancesError):
    """What came is no GraphQL request over HTTP."""

    code = "BAD_REQUEST"


class Unauthenticated(AllowancesError):
    """A token was sent, and it can not be trusted."""

    code = "UNAUTHENTICATED"


class Forbidden(AllowancesError):
    """The caller is known and lacks a scope or a purpose; never says whether the datum exists."""

    code = "FORBIDDEN"


class Unavailable(AllowancesError):
    """Something we depend on does not answer; trying again later is right."""

    code = "SERVICE_UNAVAILABLE"


class SubmissionsNotAccepted(AllowancesError):
    """This service was given no way to write, so it takes no disbursements."""

    code = "SUBMISSIONS_NOT_ACCEPTED"


class TooSlow(Unavailable):
    """It was given up waiting for; asking again at once would make it slower still."""


class Overloaded(AllowancesError):
    """More is asked than can be answered; nothing was done for this one."""

    code = "OVERLOADED"


class TooFarBehind(AllowancesError):
    """A subscriber reads slower than there is to read, and was let go; it can come again."""

    code = "SUBSCRIBER_TOO_SLOW"


class SettingsError(AllowancesError):
    """A setting is missing or wrong; the text names each."""

    code = "SETTINGS"
