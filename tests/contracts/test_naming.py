"""Which names are taken for those of identifiers, and which words only look so."""

from __future__ import annotations

import pytest

from pipelines.contracts.naming import names_the_row

WRITTEN = ["id", "customer_id", "customerId", "CustomerID", "id_customer", "IDCustomer", "ID2"]


@pytest.mark.parametrize("name", [*WRITTEN, "row key", "rowNo", "Unnamed: 0", "Index"])
def test_a_name_with_id_or_key_names_the_row(name: str) -> None:
    assert names_the_row(name, different=False)


@pytest.mark.parametrize("name", ["policy_number", "loan_no", "accountNr", "account", "SSN"])
def test_a_number_or_an_account_does_where_no_two_values_are_equal(name: str) -> None:
    assert names_the_row(name, different=True)
    assert not names_the_row(name, different=False)


@pytest.mark.parametrize(
    "name", ["valid", "paid", "solid\xe9id", "monkey", "account_balance", "casino", "income", ""]
)
def test_a_word_that_ends_alike_does_not(name: str) -> None:
    assert not names_the_row(name, different=True)
