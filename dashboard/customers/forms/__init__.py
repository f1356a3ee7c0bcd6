"""Forms of customers."""

from dashboard.customers.forms.customers import (
    AddressForm,
    CustomerForm,
    MergeForm,
    QuickForm,
    amount_text,
    read_amount,
)

__all__ = ["AddressForm", "CustomerForm", "MergeForm", "QuickForm", "amount_text", "read_amount"]
