"""Figures as Plotly's JSON: arrays in, a plain dict out. Colours are the page's, by each part's role."""
