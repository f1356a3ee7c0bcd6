"""Forms of the accounts' pages, one file by subject."""
