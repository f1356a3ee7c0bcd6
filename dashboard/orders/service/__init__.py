"""Commands on orders."""

from dashboard.orders.service.addresses import Address, said_in_a_body
from dashboard.orders.service.belonging import move_to_successor
from dashboard.orders.service.documents import Document, order_confirmation, packing_slip
from dashboard.orders.service.items import DISCOUNT, MAX_LINES, MAX_QUANTITY, Shortage, Wanted
from dashboard.orders.service.lifecycle import act_on, cancel, confirm, deliver, extend, find_id, lapse, lapse_displaced
from dashboard.orders.service.payments import METHODS, record_payment
from dashboard.orders.service.placing import Placed, place
from dashboard.orders.service.prices import remove_customer_price, set_customer_price
from dashboard.orders.service.rates import Rate, find_rate, list_rates, remove_rate, save_rate
from dashboard.orders.service.returns import OUTCOMES, Back, take_return, worths
from dashboard.orders.service.shipping import ship

__all__ = [
    "DISCOUNT",
    "MAX_LINES",
    "MAX_QUANTITY",
    "METHODS",
    "OUTCOMES",
    "Address",
    "Back",
    "Document",
    "Placed",
    "Rate",
    "Shortage",
    "Wanted",
    "act_on",
    "cancel",
    "confirm",
    "deliver",
    "extend",
    "find_id",
    "find_rate",
    "lapse",
    "lapse_displaced",
    "list_rates",
    "move_to_successor",
    "order_confirmation",
    "packing_slip",
    "place",
    "record_payment",
    "remove_customer_price",
    "remove_rate",
    "said_in_a_body",
    "save_rate",
    "set_customer_price",
    "ship",
    "take_return",
    "worths",
]
