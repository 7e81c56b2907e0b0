"""Which names say that a column names the row: customerId, id_customer, policy_number."""

from __future__ import annotations

import re

__all__ = ["names_the_row"]

BOUNDARY = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
BETWEEN = re.compile(r"[\W\d_]+")

LAST = {"id", "key", "uuid", "guid"}
COUNTED = {"index", "idx", "no", "nr", "num", "number"}
WHOLE = {("row",), ("unnamed",), *((word,) for word in COUNTED), *(("row", w) for w in COUNTED)}
# As in loan_no, and in account: amounts and counts are called so too, and repeat.
OFTEN = {"no", "nr", "num", "number", "account", "acct", "ssn", "iban"}


def names_the_row(name: str, different: bool) -> bool:
    """Whether a column of this name is likely to name the row; a hint, for whole numbers only.

    Parameters
    ----------
    different : bool
        Whether no two values are equal: more names count then.
    """
    words = tuple(filter(None, BETWEEN.split(BOUNDARY.sub("_", name).lower())))
    if not words:
        return False
    if words[-1] in LAST or words[0] == "id" or words in WHOLE:
        return True
    return different and words[-1] in OFTEN
