"""Downloads of any filtered list: one row stream, written in each of the formats of ``stream``."""
