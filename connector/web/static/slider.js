// Says what a slider stands at while it is moved, and asks for the page once it is let go.
"use strict";

for (const slider of document.querySelectorAll("input[type=range]")) {
  const told = document.getElementById(slider.id + "-told");
  slider.addEventListener("input", () => { if (told) told.textContent = slider.value; });
  slider.addEventListener("change", () => slider.form.requestSubmit());
}
