"""Columns of votes and of what inspection has come to."""

from __future__ import annotations

from .column import Column
from .spectra import FILE

VOTE_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "candidate__spectrum__name", "str", FILE, ucd="meta.id;meta.main"),
    Column("release", "Release", "candidate__spectrum__release__name", "str", "Survey release", ucd="meta.dataset"),
    Column("run", "Run", "candidate__run_id", "int", "Number of the retrieval run", ucd="meta.id"),
    Column("inspector", "Inspector", "inspector__user__username", "str", "Account that voted", ucd="meta.id"),
    Column("simulated_inspector", "Simulated inspector", "inspector__simulated", "bool", "1 where no person voted: the vote was drawn from the truth with stated error rates", ucd="meta.code"),
    Column("verdict", "Verdict", "verdict", "str", "keep, reject or unsure", ucd="meta.code"),
    Column("class_seen", "Class", "seen_class", "str", "What the inspector takes the object for", ucd="src.class"),
    Column("z_CL", "z lines", "candidate__z_cl", "float", "Redshift from emission lines, as inspected", "", "src.redshift", 5),
    Column("z_seen", "z", "z", "float", "Redshift that the inspector gives, empty where it is z_CL", "", "src.redshift"),
    Column("reasons", "Reasons", "reasons_text", "str", "Why, in words", ucd="meta.note"),
    Column("reason_bits", "Reason bits", "reasons", "int", "Why, as the sum of the bits of the registry VoteReason", ucd="meta.code"),
    Column("comment", "Comment", "comment", "str", "What the inspector adds", ucd="meta.note"),
    Column("seconds", "Time", "seconds", "float", "Time that the inspector took", "s", "time.duration", 1),
    Column("cast_at", "Cast", "cast_at", "str", "When it was cast (UTC)", ucd="time"),
    Column("stands", "Stands", "stands", "bool", "1 where it counts, 0 where the inspector took it back", ucd="meta.code"),
    Column("replaced_at", "Taken back", "replaced", "str", "When the inspector took it back (UTC)", ucd="time"),
)  # fmt: skip

INSPECTED_COLUMNS: tuple[Column, ...] = (
    Column("file_LAMOST", "Spectrum", "spectrum__name", "str", FILE, ucd="meta.id;meta.main"),
    Column("release", "Release", "spectrum__release__name", "str", "Survey release", ucd="meta.dataset"),
    Column("run", "Run", "run_id", "int", "Number of the retrieval run", ucd="meta.id"),
    Column("kind", "Kind", "kind", "str", "galaxy, or nebula where both redshifts lie under the velocity limit", ucd="src.class"),
    Column("z_CL", "z lines", "z_cl", "float", "Redshift from emission lines", "", "src.redshift", 5),
    Column("state", "State", "state_shown", "str", "What inspection has come to: waiting, conflict, kept, rejected", ucd="meta.code"),
    Column("class_final", "Final class", "final_class", "str", "Class of the object by inspection", ucd="src.class"),
    Column("z_final", "Final z", "final_z", "float", "Redshift by inspection of a kept candidate", "", "src.redshift", 5),
    Column("votes", "Votes", "n_votes", "int", "Votes that stand; empty while a blind vote is open", ucd="meta.number"),
    Column("votes_keep", "Keep", "n_keep", "int", "Votes to keep it; empty while a blind vote is open", ucd="meta.number"),
    Column("votes_reject", "Reject", "n_reject", "int", "Votes to reject it; empty while a blind vote is open", ucd="meta.number"),
    Column("votes_unsure", "Unsure", "n_unsure", "int", "Votes that are unsure; empty while a blind vote is open", ucd="meta.number"),
    Column("votes_simulated", "Simulated votes", "n_simulated", "int", "How many of the votes were cast by simulated inspectors; empty while a blind vote is open", ucd="meta.number"),
    Column("adjudicated", "Adjudicated", "adjudicated", "bool", "1 where a resolver decided", ucd="meta.code"),
    Column("withdrawn", "Withdrawn", "withdrawn", "bool", "1 where an operator withdrew it", ucd="meta.code"),
    Column("withdrawn_reason", "Why withdrawn", "withdrawn_reason", "str", "Why it was withdrawn", ucd="meta.note"),
)  # fmt: skip
