// The time that an inspector looks at a candidate: only while the page is in view.

const form = document.querySelector("[data-timed]");
if (form) {
  let seen = 0;
  let since = document.hidden ? null : performance.now();
  document.addEventListener("visibilitychange", () => {
    if (since !== null) seen += performance.now() - since;
    since = document.hidden ? null : performance.now();
  });
  form.addEventListener("submit", () => {
    if (since !== null) seen += performance.now() - since;
    since = performance.now();
    form.elements.seconds.value = (seen / 1000).toFixed(1);
  });
}
