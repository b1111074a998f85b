// The time that a spectrum is looked at: only while the page is in view.

export class Stopwatch {
  #seen = 0;
  #since = null;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#pause();
      else this.#since ??= performance.now();
    });
    this.restart();
  }

  restart() {
    this.#seen = 0;
    this.#since = document.hidden ? null : performance.now();
  }

  get seconds() {
    return (this.#seen + (this.#since === null ? 0 : performance.now() - this.#since)) / 1000;
  }

  #pause() {
    if (this.#since !== null) this.#seen += performance.now() - this.#since;
    this.#since = null;
  }
}
