// The sky is shown where its link stands, once the reader asks: nothing is fetched from elsewhere before.

const sky = document.querySelector("[data-sky]");
sky.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const frame = Object.assign(document.createElement("iframe"), { src: sky.href, title: "The sky by Aladin Lite", className: "sky" });
  sky.parentElement.replaceWith(frame);
});
