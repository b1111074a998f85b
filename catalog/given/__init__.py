"""Lists of spectra that readers give, and their addresses."""
