// Keys of a page, from the server's registry (catalog/inspection/keys.py). They never act while somebody types, in a
// dialogue, or together with Ctrl, Alt or Meta; they can be switched off and given other keys, which this browser keeps.

const TYPED = "input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]";

export class Keys {
  #registry; #act; #store; #chosen; #on; #ended = new AbortController(); #waiting = null;

  /** `act(action)` is called for a key; `store` names where this browser keeps what the inspector chose. */
  constructor({ registry, act, store }) {
    this.#registry = registry;
    this.#act = act;
    this.#store = store;
    const kept = this.#kept();
    this.#chosen = this.#valid(kept.keys) ? kept.keys : {};
    this.#on = kept.on ?? true;
    document.addEventListener("keydown", (event) => this.#pressed(event), { signal: this.#ended.signal });
    addEventListener("pagehide", () => this.end(), { signal: this.#ended.signal });
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // the page is drawn anew, with its keys
  }

  get on() { return this.#on; }

  set on(value) {
    this.#on = value;
    this.#keep();
  }

  /** The key of an action, as people call it. */
  name(action) {
    const entry = this.#registry.find((one) => one.action === action);
    const key = this.#key(entry);
    return key === entry.key ? entry.name : key === " " ? "Space" : key.toUpperCase();
  }

  /** Take the next key pressed for an action; resolves to what is wrong with it, or "". */
  remap(action) {
    this.#waiting?.resolve("");
    return new Promise((resolve) => { this.#waiting = { action, resolve }; });
  }

  reset() {
    this.#chosen = {};
    this.#keep();
  }

  end() {
    this.#ended.abort();
  }

  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (this.#waiting) {
      this.#take(event);
      return;
    }
    if (event.target.matches?.(TYPED)) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (!this.#on || event.repeat || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const pressed = plain(event);
    const entry = this.#registry.find((one) => this.#key(one) === pressed);
    if (!entry) return;
    event.preventDefault();
    this.#act(entry.action);
  }

  #take(event) {
    if (["Shift", "CapsLock", "Tab"].includes(event.key)) return;
    event.preventDefault();
    const { action, resolve } = this.#waiting;
    this.#waiting = null;
    if (event.key === "Escape") return resolve("");
    const key = plain(event);
    const taken = this.#registry.find((one) => one.action !== action && this.#key(one) === key);
    if (taken) return resolve(`That key is taken: ${taken.words}.`);
    if (["Enter", " "].includes(key)) return resolve("Enter and the space bar work the buttons: choose another key.");
    this.#chosen = { ...this.#chosen, [action]: key };
    this.#keep();
    return resolve("");
  }

  #key(entry) {
    return this.#chosen[entry.action] ?? entry.key;
  }

  /** Keys kept by an earlier version of the page may collide with this one's. */
  #valid(keys) {
    if (!keys) return false;
    const all = this.#registry.map((entry) => keys[entry.action] ?? entry.key);
    return new Set(all).size === all.length;
  }

  #kept() {
    try { return JSON.parse(localStorage.getItem(this.#store)) ?? {}; } catch { return {}; }
  }

  #keep() {
    try { localStorage.setItem(this.#store, JSON.stringify({ on: this.#on, keys: this.#chosen })); } catch { /* for this visit only */ }
  }
}

/** A letter's key is the same with CapsLock; with Shift it is another, which no letter of the registry is. */
function plain({ key, shiftKey }) {
  return /^\p{L}$/u.test(key) && !shiftKey ? key.toLowerCase() : key;
}
