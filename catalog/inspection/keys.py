"""Every key of the inspection pages, once: scripts, labels, the help on the page and its docs read this.

No two actions of one page share a key (a test holds it). A key acts only while nobody types in a field, and
all of them can be switched off or given other keys by the inspector.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from catalog.models import SeenClass, Verdict

from .reasons import DESCRIPTIONS

VOTE, PRACTICE, CONFLICTS = "vote", "practice", "conflicts"
PAGES = {VOTE: "voting", PRACTICE: "practice", CONFLICTS: "conflicts"}
NAMES = {"Backspace": "⌫ Backspace", " ": "Space"}


@dataclass(frozen=True)
class Key:
    """One action: ``key`` is the browser's name of the key, ``words`` what it does, ``pages`` where.

    ``button`` is the label of the button that does the same, where the form has no control of its own for it.
    """

    action: str
    key: str
    words: str
    group: str
    pages: tuple[str, ...] = (VOTE, PRACTICE, CONFLICTS)
    button: str = ""

    @property
    def name(self) -> str:
        """The key as people call it."""
        return NAMES.get(self.key, self.key.upper())


_CLASS_KEYS = {
    SeenClass.GALAXY: "g", SeenClass.NEBULA: "n", SeenClass.QSO: "q", SeenClass.STAR: "s",
    SeenClass.SKY: "y", SeenClass.NOISE: "a", SeenClass.OTHER: "o",
}  # fmt: skip
_REASON_KEYS = "1234567890-"

KEYS: tuple[Key, ...] = (
    Key(f"verdict:{Verdict.KEEP}", "k", "Keep, and go on", "Verdict"),
    Key(f"verdict:{Verdict.REJECT}", "r", "Reject, and go on", "Verdict"),
    Key(f"verdict:{Verdict.UNSURE}", "u", "Unsure, and go on", "Verdict", (VOTE, PRACTICE)),
    *(
        Key(f"class:{seen.value}", _CLASS_KEYS[seen], f"Class: {seen.label} (again: not said)", "Class")
        for seen in SeenClass
    ),
    *(
        Key(f"reason:{int(reason)}", key, f"Why: {words} (again: not)", "Why", (VOTE, PRACTICE))
        for key, (reason, words) in zip(_REASON_KEYS, DESCRIPTIONS.items(), strict=True)
    ),
    Key("type-z", "z", "Type another redshift (Enter accepts, Escape leaves)", "Redshift and comment"),
    Key("own-z", "l", "Back to the redshift from lines", "Redshift and comment"),
    Key("type-comment", "c", "Type a comment", "Redshift and comment", (VOTE, CONFLICTS)),
    Key(
        "undo",
        "Backspace",
        "Take the last vote back and see the candidate again",
        "Go",
        (VOTE,),
        "Take back the last",
    ),
    Key("later", "j", "Leave it for later, see the next", "Go", (VOTE, CONFLICTS), "Later"),
    Key("next", "j", "Go on to the next spectrum", "Go", (PRACTICE,), "Next"),
    Key("page", "p", "Open the spectrum’s own page in a new tab", "Go", button="Its page"),
    Key("guide", "h", "Show or hide the guidelines", "Help"),
    Key("help", "?", "Show or hide all keys", "Help"),
)


def keys_of(page: str) -> tuple[Key, ...]:
    """The keys that work on a page."""
    return tuple(key for key in KEYS if page in key.pages)


def for_script(page: str) -> list[dict[str, Any]]:
    """The keys of a page as JSON for its script."""
    return [asdict(key) | {"name": key.name} for key in keys_of(page)]
