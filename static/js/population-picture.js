// The plot as a picture to keep, with what stands out on it: Plotly's own would leave out the canvas over the plot.

import { download } from "./viewer/save.js";

const SVG = "http://www.w3.org/2000/svg";
const BACK = "0.25"; // how far the other points step back, as in populations.css

/** Save the plot as SVG; `marks` are those of population-marks.js. */
export async function savePicture(place, marks, name) {
  const { clientWidth: width, clientHeight: height } = place;
  const address = await window.Plotly.toImage(place, { format: "svg", width, height });
  const picture = new DOMParser().parseFromString(decodeURIComponent(address.slice(address.indexOf(",") + 1)), "image/svg+xml");
  const { selects, ...where } = marks.picture();
  const points = picture.querySelector(".glimages");
  if (selects) points?.setAttribute("opacity", BACK);
  const image = picture.createElementNS(SVG, "image");
  for (const [attribute, value] of Object.entries(where)) image.setAttribute(attribute, value);
  image.setAttribute("class", "marks");
  picture.documentElement.append(image);
  download(`${name}.svg`, new XMLSerializer().serializeToString(picture), "image/svg+xml");
}
