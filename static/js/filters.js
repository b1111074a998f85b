// Keeps addresses short: boxes that say nothing are not sent.
for (const form of document.querySelectorAll("form[data-tidy]")) {
  form.addEventListener("submit", () => {
    for (const control of form.elements) if (control.name && !control.value) control.disabled = true;
  });
  // Coming back with the browser's history finds them usable again.
  addEventListener("pageshow", () => {
    for (const control of form.elements) control.disabled = false;
  });
}

// A filter that could not be read is shown, also where the form is folded.
if (document.querySelector("#filters .errors")) document.querySelector("#filters").open = true;
