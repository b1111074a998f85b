"""Downloads of any filtered list: one row stream, written as CSV or FITS, with a JSON sidecar."""
