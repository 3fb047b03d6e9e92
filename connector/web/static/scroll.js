// What is wider than the window scrolls by itself, and so must be a stop of the keyboard, as long as it does.
"use strict";

(function () {
  const WIDE = ".scroll, .drawing, .waterfall";

  function settle(one) {
    if (one.scrollWidth <= one.clientWidth) return one.removeAttribute("tabindex");
    one.tabIndex = 0;
    const name = one.querySelector("caption, figcaption, title");
    if (!name) return;
    if (one.localName !== "figure") one.setAttribute("role", "group");
    one.setAttribute("aria-label", name.textContent.trim());
  }

  const watching = new ResizeObserver(seen => seen.forEach(({ target }) => settle(target)));
  const look = () => document.querySelectorAll(WIDE).forEach(one => watching.observe(one));
  // Parts of a page may be replaced while it is open (progress.js).
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
})();
