"""Commands of the catalogue: every rule, every write."""

from dashboard.catalog.service.devices import BatchResult, add_source, save_batch
from dashboard.catalog.service.edits import Edited, decide_proposal, edit_device, propose_edit
from dashboard.catalog.service.facts import SPEC_COLUMNS, DeviceFacts
from dashboard.catalog.service.fields import EDITABLE, field_text, fingerprint, read_field
from dashboard.catalog.service.prices import Observation, observe_prices
from dashboard.catalog.service.quality import Quality, assess, expected_specs
from dashboard.catalog.service.search_keys import rebuild_heads

__all__ = [
    "EDITABLE",
    "SPEC_COLUMNS",
    "BatchResult",
    "DeviceFacts",
    "Edited",
    "Observation",
    "Quality",
    "add_source",
    "assess",
    "decide_proposal",
    "edit_device",
    "expected_specs",
    "field_text",
    "fingerprint",
    "observe_prices",
    "propose_edit",
    "read_field",
    "rebuild_heads",
    "save_batch",
]
