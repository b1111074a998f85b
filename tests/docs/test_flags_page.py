"""The list of flags in the docs is the dictionary's."""

import runpy

from django.conf import settings

from retrieval.flags import CANDIDATE_DESCRIPTIONS, DESCRIPTIONS, CandidateFlag, LineFlag


def test_it_is_current() -> None:
    script = runpy.run_path(str(settings.BASE_DIR / "docs" / "flags.py"))
    assert script["PAGE"].read_text() == script["page"](), "run .venv/bin/python docs/flags.py"


def test_every_flag_has_its_words_and_its_own_bit() -> None:
    for registry, words in ((LineFlag, DESCRIPTIONS), (CandidateFlag, CANDIDATE_DESCRIPTIONS)):
        assert list(registry) == list(words)
        assert [flag.value for flag in registry] == [1 << bit for bit in range(len(registry))]
