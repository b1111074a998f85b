"""A run on simulated spectra held against what the simulator put in: as numbers, and as a report."""
