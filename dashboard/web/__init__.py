"""What both faces share: pages, forms, the API kernel with its dialects, credentials, limits, documents."""
