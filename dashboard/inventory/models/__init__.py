"""Tables of products, stock and purchasing."""

from dashboard.inventory.models.manifests import (
    DECISIONS,
    Manifest,
    ManifestLine,
    UnitUpload,
    UnitUploadPart,
    UnitUploadProblem,
)
from dashboard.inventory.models.movements import (
    StockSettings,
    Stocktake,
    StocktakeLine,
    StocktakeScan,
    Transfer,
    TransferLine,
)
from dashboard.inventory.models.products import KINDS, Grade, Location, Product, ProductCategory
from dashboard.inventory.models.purchasing import PurchaseOrder, PurchaseOrderLine, Supplier
from dashboard.inventory.models.stock import UNIT_STATES, Claim, StockLevel, StockMove, Unit, UnitTally
from dashboard.inventory.models.unit_changes import (
    QUARANTINE_REASONS,
    BulkChange,
    BulkChangeRow,
    InventoryView,
    Quarantine,
)

__all__ = [
    "DECISIONS",
    "KINDS",
    "QUARANTINE_REASONS",
    "UNIT_STATES",
    "BulkChange",
    "BulkChangeRow",
    "Claim",
    "Grade",
    "InventoryView",
    "Location",
    "Manifest",
    "ManifestLine",
    "Product",
    "ProductCategory",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "Quarantine",
    "StockLevel",
    "StockMove",
    "StockSettings",
    "Stocktake",
    "StocktakeLine",
    "StocktakeScan",
    "Supplier",
    "Transfer",
    "TransferLine",
    "Unit",
    "UnitTally",
    "UnitUpload",
    "UnitUploadPart",
    "UnitUploadProblem",
]
