// Keeps the progress of a run up to date: asks for that part of the page once a second.
"use strict";

(function () {
  const target = document.getElementById("progress");
  const heard = document.getElementById("status");
  const PAUSE = 1000;
  let shown = target.innerHTML;

  function live() {
    return target.querySelector("[data-live]") !== null;
  }

  // Screen readers hear the sentence when it changes, not the whole part each second.
  function announce() {
    const sentence = target.querySelector("[data-status]");
    const text = sentence ? sentence.textContent.trim() : "";
    if (heard.textContent !== text) heard.textContent = text;
  }

  function show(html) {
    // A button that has the focus must not be replaced under the reader's hand.
    if (html === shown || target.contains(document.activeElement)) return;
    shown = html;
    target.innerHTML = html;
    announce();
  }

  async function refresh() {
    try {
      const answer = await fetch(target.dataset.source, { cache: "no-store" });
      // Sent elsewhere: the session has ended, and the start page is the place to be.
      if (answer.redirected) return location.reload();
      if (answer.ok) show(await answer.text());
    } catch {
      // The network is away for a moment; the next try will tell.
    }
    if (live()) setTimeout(refresh, PAUSE);
  }

  if (live()) setTimeout(refresh, PAUSE);
})();
