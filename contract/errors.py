"""What a user can mend, first of all a request: a code, a status and a message for people."""

from typing import Final

STATUS_OF_CODE: Final = {
    "not_json": 400,
    "wrong_type": 400,
    "unknown_field": 400,
    "missing_review": 400,
    "empty_review": 400,
    "invalid_text": 400,
    "one_review_only": 400,
    "missing_field": 400,
    "no_consent": 400,
    "unknown_label": 400,
    "same_label": 400,
    "feedback_off": 404,
    "unknown_receipt": 404,
    "unknown_explanation": 404,
    "already_reported": 409,
    "body_too_large": 413,
    "review_too_long": 413,
    "too_many_reviews": 413,
    "queue_full": 429,
    "explanation_failed": 500,
    "cannot_explain": 501,
    "feedback_not_stored": 503,
}


class UserError(Exception):
    """What its user can mend; the message says what was expected, what was found, and how.

    Commands print it as one line. Every other exception is a defect and shows its traceback.
    """


class ReviewError(UserError):
    """One review or request cannot be scored; the message says what was expected and found."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = STATUS_OF_CODE[code]

    def as_json(self) -> dict[str, object]:
        """Return the error in the one shape that every hop of the service uses."""
        return {"error": {"code": self.code, "message": self.message}}
