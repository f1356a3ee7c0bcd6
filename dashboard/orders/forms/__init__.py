"""Forms of orders."""

from dashboard.orders.forms.actions import (
    CancelForm,
    ExtendForm,
    PaymentForm,
    PriceForm,
    RateForm,
    ReturnForm,
    ShipForm,
)

__all__ = ["CancelForm", "ExtendForm", "PaymentForm", "PriceForm", "RateForm", "ReturnForm", "ShipForm"]
