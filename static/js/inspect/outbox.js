// Votes on their way. Each is kept in this browser until the server has answered it, and sent in order, one at a time.
//
//   const outbox = new Outbox({ user, send, storage, onChange, onSaved, onRefused });
//   outbox.put({ id, kind, candidate, name, body })   // kept at once, sent as soon as it can be
//   outbox.drop(id)                                   // true: it had not left yet and never will
//   outbox.state                                      // { waiting, offline, blocked, refused }
//
// `send(entry)` gives { status, body } or throws where there is no network. What is sent has an identifier, so that the
// server counts it once however often it arrives. An entry ends when the server keeps it (200) or refuses it for good
// (4xx: then it stands under `refused`, in words, until `dismiss()`). Without network, while the server is ill, or when
// the inspector is logged out (401, 403: `blocked` says so) it waits.

const FIRST_WAIT = 1000; // ms until the next attempt; doubled each time
const LONGEST_WAIT = 20000;
const TIMES = new Set([408, 425, 429]); // "later", not "never"

export class Outbox {
  #prefix; #send; #storage; #told; #inFlight = null; #timer = null; #wait = FIRST_WAIT; #sequence = 0;
  #entries = [];
  #refused = [];
  #ended = new AbortController();
  offline = false;
  blocked = "";

  constructor({ user, send, storage = localStorage, onChange = () => {}, onSaved = () => {}, onRefused = () => {} }) {
    this.#prefix = `glowworm:${user}:`;
    this.#send = send;
    this.#storage = storage;
    this.#told = { onChange, onSaved, onRefused };
    const kept = this.#load();
    this.#entries = kept.filter((entry) => !entry.words);
    this.#refused = kept.filter((entry) => entry.words);
    addEventListener("online", () => this.flush(), { signal: this.#ended.signal });
  }

  get state() {
    return { waiting: this.#entries.length, offline: this.offline, blocked: this.blocked, refused: [...this.#refused] };
  }

  /** Whether anything about a candidate has not been answered yet. */
  holds(candidate) {
    return this.#entries.some((entry) => entry.candidate === candidate);
  }

  put(entry) {
    this.#sequence += 1;
    const kept = { ...entry, at: [Date.now(), this.#sequence] };
    this.#entries.push(kept);
    this.#keep(kept);
    this.#told.onChange();
    return this.flush();
  }

  drop(id) {
    const entry = this.#entries.find((one) => one.id === id);
    if (!entry || entry === this.#inFlight || entry.tried) return false; // it may have arrived
    this.#forget(entry);
    this.#told.onChange();
    return true;
  }

  dismiss() {
    for (const entry of this.#refused) this.#unkeep(entry);
    this.#refused = [];
    this.#told.onChange();
  }

  async flush() {
    if (this.#inFlight || this.#ended.signal.aborted) return;
    clearTimeout(this.#timer);
    while (this.#entries.length) {
      const entry = this.#entries[0];
      this.#inFlight = entry;
      const answer = await this.#attempt(entry);
      this.#inFlight = null;
      if (!answer) break;
      this.#wait = FIRST_WAIT;
      this.#forget(entry);
      if (answer.status === 200) {
        this.#told.onSaved(entry, answer.body);
      } else {
        const refused = { ...entry, words: answer.body.error ?? `The server answered ${answer.status}.` };
        this.#refused.push(refused);
        this.#keep(refused);
        this.#told.onRefused(refused);
      }
      this.#told.onChange();
    }
    if (this.#entries.length) {
      this.#timer = setTimeout(() => this.flush(), this.#wait);
      this.#wait = Math.min(2 * this.#wait, LONGEST_WAIT);
    }
    this.#told.onChange();
  }

  end() {
    this.#ended.abort();
    clearTimeout(this.#timer);
  }

  /** The server's answer where it is final, else null. */
  async #attempt(entry) {
    entry.tried = true;
    try {
      const answer = await this.#send(entry);
      this.offline = false;
      this.blocked = "";
      if (answer.status === 401 || answer.status === 403) {
        this.blocked = answer.body.error ?? "The server asks you to log in again.";
        return null;
      }
      return answer.status >= 500 || TIMES.has(answer.status) ? null : answer;
    } catch {
      this.offline = true;
      return null;
    }
  }

  #forget(entry) {
    this.#entries = this.#entries.filter((one) => one !== entry);
    this.#unkeep(entry);
  }

  // A browser may refuse to store (private windows, a full disk): the memory of the page is then all there is.
  #key(entry) {
    return `${this.#prefix}${entry.candidate}:${entry.kind}:${entry.id}`;
  }
  #keep(entry) {
    try { this.#storage.setItem(this.#key(entry), JSON.stringify(entry)); } catch { /* see above */ }
  }
  #unkeep(entry) {
    try { this.#storage.removeItem(this.#key(entry)); } catch { /* see above */ }
  }
  #load() {
    try {
      return Object.keys(this.#storage).filter((key) => key.startsWith(this.#prefix))
        .map((key) => JSON.parse(this.#storage.getItem(key)))
        .sort((a, b) => a.at[0] - b.at[0] || a.at[1] - b.at[1]);
    } catch {
      return [];
    }
  }
}
