"""Counterparts: what other catalogues hold at a source's position.

``roads`` lead to the services by the providers of ``tap``, ``delimited`` and ``snapshots``; ``lookups`` asks
and keeps what they answered; ``selectors`` says what stands. Three rules hold everywhere: a failure is never
an answer, an answer holds for the position that was asked about, and nothing is new that SIMBAD, SDSS and NED
have not all denied.
"""
