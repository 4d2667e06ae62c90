"""People who appear in the tests of customers."""

from typing import Any

from crm.customers.model import CustomerInput
from foundation.routes import Principal, Role

AGENT = Principal("staff-agent", "1001", "刘芳", Role.AGENT)
SUPERVISOR = Principal("staff-supervisor", "3001", "何主管", Role.SUPERVISOR)


def described(account_number: str = "60010001", **changes: Any) -> CustomerInput:
    """A customer to enter."""
    return CustomerInput(**{"account_number": account_number, "name": "王秀英", "phones": ["13800000001"], **changes})
