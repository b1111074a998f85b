// The form of a vote, an answer or a decision, read and filled as one thing.

export class Opinion {
  #form; #prefix;

  constructor(form) {
    this.#form = form;
    this.#prefix = form.querySelector("[name$=verdict]").name.replace("verdict", "");
  }

  get z() { return this.#control("z"); }
  get comment() { return this.#control("comment"); }
  get verdict() { return this.#checked("verdict")[0] ?? ""; }

  /** What is said, as the server's form takes it; z as typed. */
  get said() {
    return {
      verdict: this.verdict,
      seen_class: this.#checked("seen_class")[0] ?? "",
      reasons: this.#checked("reasons"),
      z: this.z.value.trim(),
      comment: this.comment.value,
    };
  }

  set said({ verdict = "", seen_class = "", reasons = [], z = "", comment = "" }) {
    for (const box of this.#boxes("verdict")) box.checked = box.value === verdict;
    for (const box of this.#boxes("seen_class")) box.checked = box.value === seen_class;
    for (const box of this.#boxes("reasons")) box.checked = reasons.includes(box.value);
    this.z.value = z;
    this.z.removeAttribute("aria-invalid");
    this.comment.value = comment;
    for (const fault of this.#form.querySelectorAll(".errors")) fault.remove();
  }

  choose(verdict) {
    for (const box of this.#boxes("verdict")) box.checked = box.value === verdict;
  }

  /** The class; the one that is chosen already is taken off. */
  toggleClass(value) {
    const chosen = this.#checked("seen_class")[0] === value ? "" : value;
    for (const box of this.#boxes("seen_class")) box.checked = box.value === chosen;
  }

  toggleReason(value) {
    const box = this.#boxes("reasons").find((one) => one.value === value);
    box.checked = !box.checked;
  }

  #control(name) {
    return this.#form.elements[this.#prefix + name];
  }
  #boxes(name) {
    return [...this.#form.querySelectorAll(`[name="${this.#prefix}${name}"]`)];
  }
  #checked(name) {
    return this.#boxes(name).filter((box) => box.checked).map((box) => box.value);
  }
}
