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
    StocktakeUnit,
    Transfer,
    TransferLine,
)
from dashboard.inventory.models.photos import UnitPhoto
from dashboard.inventory.models.products import KINDS, Grade, Location, Product, ProductCategory, ProductTerm
from dashboard.inventory.models.purchasing import PurchaseOrder, PurchaseOrderLine, Supplier
from dashboard.inventory.models.stock import UNIT_STATES, Claim, StockLevel, StockMove, Unit, UnitTally
from dashboard.inventory.models.unit_changes import (
    QUARANTINE_REASONS,
    SET_ASIDE,
    BulkChange,
    BulkChangeRow,
    InventoryView,
    Quarantine,
)

__all__ = [
    "DECISIONS",
    "KINDS",
    "QUARANTINE_REASONS",
    "SET_ASIDE",
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
    "ProductTerm",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "Quarantine",
    "StockLevel",
    "StockMove",
    "StockSettings",
    "Stocktake",
    "StocktakeLine",
    "StocktakeScan",
    "StocktakeUnit",
    "Supplier",
    "Transfer",
    "TransferLine",
    "Unit",
    "UnitPhoto",
    "UnitTally",
    "UnitUpload",
    "UnitUploadPart",
    "UnitUploadProblem",
]
