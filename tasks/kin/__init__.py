"""Kin of a spectrum: its nearest templates, its redshift, its class, and what is known at its place."""
