// What lies before the inspector: the candidate in view, those lent ahead, and the way back.

const LOW = 6; // candidates left at which more are asked for
const RENEW = 120000; // ms: what is lent ahead is lent for ten minutes

export class Desk {
  #ask; #config; #busy; #told; #asking = null; #again = false; #counted = null;
  items = new Map();
  order = [];
  done = new Set();
  current;
  left = null;
  voted = null;

  /** `busy(id)`: something about the candidate is still on its way. `onChange(gone)` after each answer of the server. */
  constructor({ config, ask, busy, onChange }) {
    this.#config = config;
    this.#ask = ask;
    this.#busy = busy;
    this.#told = onChange;
    this.current = config.item;
    this.items.set(config.item.id, config.item);
    setInterval(() => { if (!document.hidden) this.refresh(); }, RENEW);
    addEventListener("online", () => this.refresh());
  }

  /** The candidate that follows the one in view. */
  get next() {
    const id = this.order.find((one) => one !== this.current.id && !this.done.has(one) && this.items.has(one));
    return this.items.get(id) ?? null;
  }

  get ahead() {
    return this.order.filter((id) => id !== this.current.id && !this.done.has(id)).map((id) => this.items.get(id)).filter(Boolean);
  }

  get isLow() {
    return this.ahead.length < LOW;
  }

  /** Put the candidate in view behind all others. */
  postpone() {
    this.order = [...this.order.filter((id) => id !== this.current.id), this.current.id];
  }

  /** Ask which candidates are lent, and for those that are not here yet. One question at a time. */
  async refresh() {
    if (this.#asking) { this.#again = true; return this.#asking; }
    this.#asking = this.#refresh().finally(() => { this.#asking = null; });
    await this.#asking;
    if (this.#again) { this.#again = false; await this.refresh(); }
  }

  async #refresh() {
    const first = this.current.id;
    const { run, list, page } = this.#config;
    const have = [...this.items.keys()];
    const wasBusy = this.#busy(first); // an answer that left before a vote was taken back says nothing of it
    // Counting is dear: in between the page counts its own votes, and waits until all have arrived.
    const due = performance.now() - this.#counted > RENEW && ![...this.done].some((id) => this.#busy(id));
    const count = this.left === null || due;
    let answer;
    try {
      answer = await this.#ask(this.#config.queue, { run, list, first: this.done.has(first) ? null : first, have, count });
    } catch {
      return; // without network what is here goes on
    }
    if (answer.status !== 200) { this.#told(null, answer.body.error ?? `The server answered ${answer.status}.`); return; }
    for (const item of answer.body.items) this.items.set(item.id, { ...this.items.get(item.id), ...item });
    const { order } = answer.body;
    const known = new Set(this.order);
    const kept = page === "practice" ? this.order : this.order.filter((id) => order.includes(id));
    this.order = [...kept, ...order.filter((id) => !known.has(id))];
    if (count) this.#counted = performance.now();
    this.left = answer.body.left ?? this.left;
    this.voted = answer.body.done ?? this.voted;
    const gone = page === "vote" && first === this.current.id && !order.includes(first) && !this.done.has(first) && !wasBusy && !this.#busy(first);
    this.#told(gone ? this.current : null, "");
  }
}
