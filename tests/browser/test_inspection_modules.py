"""The parts of the inspection page by themselves: votes on their way, and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from .conftest import Visitor

OUTBOX = """async (steps) => {
  const { Outbox } = await import("/static/js/inspect/outbox.js");
  const kept = new Map();
  const methods = {
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
    getItem: (key) => kept.get(key),
  };
  const storage = new Proxy(methods, {
    ownKeys: () => [...kept.keys()],
    getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
  });
  const sent = [], saved = [], refused = [];
  let answers = [];
  const send = async ({ id }) => {
    sent.push(id);
    const status = answers.length ? answers.shift() : 200;
    if (status === "none") throw new TypeError("no network");
    return { status, body: status === 200 ? {} : { error: `words of ${status}` } };
  };
  const make = (user) => new Outbox({ user, send, storage,
    onSaved: ({ id }) => saved.push(id), onRefused: ({ id }) => refused.push(id) });
  let outbox = make(7);
  const seen = [];
  for (const [what, value] of steps) {
    if (what === "answer") answers = value;
    const entry = { id: value, kind: "vote", candidate: String(value).length, name: value, body: {} };
    if (what === "put") await outbox.put(entry);
    if (what === "drop") seen.push(outbox.drop(value));
    if (what === "flush") await outbox.flush();
    if (what === "reopen") { outbox.end(); outbox = make(value); }
    if (what === "dismiss") outbox.dismiss();
  }
  const { waiting, offline, blocked, refused: lost } = outbox.state;
  outbox.end();
  const told = lost.map(({ id, words }) => [id, words]);
  return { sent, saved, refused, waiting, offline, blocked, lost: told, kept: kept.size, seen };
}"""


def play(page: Page, *steps: tuple[str, Any]) -> dict[str, Any]:
    return dict(page.evaluate(OUTBOX, list(steps)))


def test_votes_on_their_way(visitor: Callable[..., Visitor]) -> None:
    guest = visitor()
    guest.open("/inspection/")
    page = guest.page
    done = play(page, ("put", "a"), ("put", "bb"))
    assert (done["sent"], done["saved"], done["waiting"], done["kept"]) == (["a", "bb"], ["a", "bb"], 0, 0)

    # Without network they wait in order, and go in order; closing the page loses none, nor gives any away.
    waits = [("answer", ["none", "none"]), ("put", "a"), ("put", "bb")]
    away = play(page, *waits)
    assert (away["waiting"], away["offline"], away["kept"], away["saved"]) == (2, True, 2, [])
    back = play(page, *waits, ("reopen", 7), ("flush", None))
    assert (back["saved"], back["waiting"], back["kept"]) == (["a", "bb"], 0, 0)
    other = play(page, *waits, ("reopen", 8), ("flush", None))
    assert (other["saved"], other["waiting"], other["kept"]) == ([], 0, 2)

    # What is refused for good is told, kept until read, and holds up nothing; an ill server is asked again.
    lost = play(page, ("answer", [409]), ("put", "a"), ("put", "bb"), ("reopen", 7))
    assert (lost["saved"], lost["refused"], lost["lost"]) == (["bb"], ["a"], [["a", "words of 409"]])
    assert play(page, ("answer", [409]), ("put", "a"), ("dismiss", None))["kept"] == 0
    ill = play(page, ("answer", [503, 429]), ("put", "a"), ("flush", None), ("flush", None))
    assert (ill["sent"], ill["saved"], ill["waiting"]) == (["a", "a", "a"], ["a"], 0)

    # Logged out: nothing is thrown away, the words say what to do.
    out = play(page, ("answer", [401]), ("put", "a"))
    assert (out["waiting"], out["blocked"], out["lost"]) == (1, "words of 401", [])
    assert play(page, ("answer", [401]), ("put", "a"), ("flush", None))["saved"] == ["a"]

    # What may have arrived is not dropped but taken back.
    dropped = play(page, *waits, ("drop", "bb"), ("drop", "a"))
    assert (dropped["seen"], dropped["waiting"], dropped["kept"]) == ([True, False], 1, 1)


KEYS = """async () => {
  const { Keys } = await import("/static/js/inspect/keys.js");
  const registry = [
    { action: "keep", key: "k", name: "K", words: "Keep" },
    { action: "help", key: "?", name: "?", words: "Help" },
  ];
  window.acted = [];
  window.keys = new Keys({ registry, act: (action) => window.acted.push(action), store: "glowworm:test" });
}"""


def test_keys(visitor: Callable[..., Visitor]) -> None:
    """Complaint 16: nothing acts while one types, with Ctrl, twice for one press, or afterwards."""
    guest = visitor()
    guest.open("/galaxies/")
    page = guest.page
    page.evaluate(KEYS)
    acted = lambda: page.evaluate("window.acted.splice(0)")  # noqa: E731
    page.keyboard.press("k")
    page.keyboard.press("Shift+?")
    assert acted() == ["keep", "help"]
    field = page.locator("input[type=text]:visible").first
    field.focus()
    page.keyboard.press("k")
    assert acted() == []
    assert field.input_value() == "k"
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.press("Shift+K")
    assert acted() == []
    page.keyboard.down("k")
    page.keyboard.down("k")  # held down: the second is a repetition
    page.keyboard.up("k")
    assert acted() == ["keep"]

    page.evaluate("void keys.remap('keep').then((said) => { window.said = said; })")
    page.keyboard.press("Shift+?")
    assert page.evaluate("said") == "That key is taken: Help."
    page.evaluate("void keys.remap('keep')")
    page.keyboard.press("x")
    page.keyboard.press("x")
    page.keyboard.press("k")
    assert acted() == ["keep"]
    page.evaluate("keys.end()")
    page.evaluate(KEYS)  # another visit finds the new key
    page.keyboard.press("x")
    assert acted() == ["keep"]
    page.evaluate("keys.on = false")
    page.keyboard.press("x")
    assert acted() == []
    page.evaluate("keys.reset(); keys.on = true; keys.end()")
    page.keyboard.press("k")
    assert acted() == []
