"""Published catalogues: what may be published, freezing it, its files, and comparing two."""
