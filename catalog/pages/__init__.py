"""The catalogue's pages: a view parses and calls, selectors read, templates show."""
