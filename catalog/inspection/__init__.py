"""Inspection by people: votes, the rule that joins them, adjudication, agreement.

``reasons``, ``consensus`` and ``agreement`` are plain functions; ``services`` writes, ``assignment`` lends
candidates to inspectors, ``selectors`` and ``rows`` read, ``pages`` shows.
"""
