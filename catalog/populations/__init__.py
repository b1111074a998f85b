"""Populations: any list of candidates as a plot, and any selection on the plot as a list."""
