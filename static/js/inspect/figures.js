// Two viewers in one place: while one is looked at, the other draws the next spectrum out of sight, so that it shows at once.

import { fetchFigure } from "../figure.js";
import { mountSpectrum } from "../viewer.js";
import { mountInsets } from "../viewer/insets.js";

export class Figures {
  #sides; #front = 0; #fetched = new Map();

  /** `onFeature(wavelength, figure)`: a feature of the spectrum in view was clicked. */
  constructor(place, { onFeature }) {
    this.#sides = [0, 1].map((n) => {
      const side = document.createElement("div");
      const plot = document.createElement("div");
      const insets = document.createElement("div");
      side.className = "side";
      plot.className = "plot";
      insets.className = "insets";
      side.append(plot, insets);
      return { side, plot, insets, item: null, mounting: null, viewer: null, drawn: null, onFeature: (wave) => n === this.#front && onFeature(wave) };
    });
    place.replaceChildren(...this.#sides.map(({ side }) => side));
    this.#turn();
  }

  /** Fetch a figure ahead. What failed is asked again when it is needed. */
  fetch(item) {
    if (!item.figure) return Promise.resolve(null);
    if (!this.#fetched.has(item.id)) {
      const answer = fetchFigure(item.figure);
      this.#fetched.set(item.id, answer);
      answer.catch(() => this.#fetched.delete(item.id));
    }
    return this.#fetched.get(item.id);
  }

  /** Let go of figures that are not among these candidates. */
  keep(ids) {
    for (const id of this.#fetched.keys()) if (!ids.has(id)) this.#fetched.delete(id);
  }

  /** Draw a candidate out of sight. */
  prepare(item) {
    const behind = this.#sides[1 - this.#front];
    return behind.item?.id === item.id ? behind.drawn : this.#draw(behind, item);
  }

  /** Bring a candidate into view; its lines stand at `z`. */
  async show(item, z = item.z) {
    if (this.#sides[this.#front].item?.id !== item.id) {
      const behind = this.#sides[1 - this.#front];
      if (behind.item?.id !== item.id) this.#draw(behind, item);
      this.#front = 1 - this.#front;
      this.#turn();
    }
    const front = this.#sides[this.#front];
    await front.drawn;
    if (front.item.id === item.id) await this.move(z);
  }

  /** Move the lines of the spectrum in view, where they stand elsewhere; `text` as typed. */
  async move(z, text = String(z)) {
    const { viewer } = this.#sides[this.#front];
    if (viewer?.figure && viewer.z !== z) await viewer.setZ(z, text);
  }

  get figure() {
    return this.#sides[this.#front].viewer?.figure ?? null;
  }

  #draw(side, item) {
    side.item = item;
    side.drawn = (async () => {
      if (!item.figure) {
        this.#say(side, "Only the catalogue row of this spectrum is held, not its file: there is no figure.");
        return;
      }
      try {
        const figure = await this.fetch(item);
        if (side.item !== item) return;
        await side.mounting; // another spectrum may have been asked for while the viewer came
        if (side.item !== item) return;
        if (side.viewer) {
          await side.viewer.show({ figure, z: item.z });
        } else {
          side.mounting = mountSpectrum(side.plot, { figure, z: item.z, compact: true, onFeature: side.onFeature });
          side.viewer = await side.mounting;
          mountInsets(side.insets, side.viewer);
        }
      } catch (error) {
        if (side.item === item) this.#say(side, error.message);
      }
    })();
    return side.drawn;
  }

  #say(side, words) {
    side.viewer?.destroy();
    side.viewer = side.mounting = null;
    side.insets.replaceChildren();
    const said = document.createElement("p");
    said.className = "notice";
    said.textContent = words;
    side.plot.replaceChildren(said);
  }

  #turn() {
    this.#sides.forEach(({ side }, n) => {
      side.classList.toggle("behind", n !== this.#front);
      side.inert = n !== this.#front;
    });
  }
}
