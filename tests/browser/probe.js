// What tests ask of a page while it is open. Put into every page before its own scripts; its policy does not bind it.
"use strict";

window.probe = {
  // How wide a page is beyond its window, and what makes it so; nothing where all is well.
  wider() {
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) return [];
    const out = one => one.getBoundingClientRect().right > wide + 1;
    const scrolls = one => one && (getComputedStyle(one).overflowX !== "visible" || scrolls(one.parentElement));
    const found = [...document.body.querySelectorAll("*")].filter(one => out(one) && !scrolls(one.parentElement));
    const told = found.slice(-3).map(one => `${one.localName}.${one.className}: ${one.textContent.trim().slice(0, 40)}`);
    return [...told, `${document.documentElement.scrollWidth} > ${wide}`];
  },

  // What axe finds. Targets for fingers (WCAG 2.2) are left out by default.
  async violations() {
    const options = { resultTypes: ["violations"], preload: false, rules: { "target-size": { enabled: true } } };
    const found = await axe.run(document, options);
    const where = nodes => nodes.slice(0, 3).map(node => node.target.join(" ")).join("; ");
    return found.violations.map(one => `${one.id}: ${one.help} (${one.nodes.length} times: ${where(one.nodes)})`);
  },

  // Milliseconds from asking for the page until it could be used.
  interactive() {
    return performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd;
  },

  open() {
    document.querySelectorAll("details").forEach(one => { one.open = true; });
  },

  // Of radio buttons with one name the keyboard stops at one; the arrows lead to the rest.
  named(one) {
    if (one.type === "radio") return `radio ${[...document.forms].indexOf(one.form)} ${one.name}`;
    return `${[...document.querySelectorAll("*")].indexOf(one)} ${one.outerHTML.slice(0, 90)}`;
  },

  reachable() {
    const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
    const wanted = all.filter(one => one.checkVisibility() && !one.disabled && one.tabIndex >= 0 && one.type !== "hidden");
    return wanted.map(probe.named);
  },

  // What has the focus, and whether that is to be seen; null where it is the page itself.
  focused() {
    const one = document.activeElement;
    if (!one || one === document.body || one === document.documentElement) return null;
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    const marked = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    return [probe.named(one), marked && box.width > 0 && box.right > 0 && box.bottom > 0];
  },

  // Elements and attributes that no template has.
  injected() {
    const ours = address => (address || "").startsWith("/static/");
    const strange = item => item.name.startsWith("on") || ["style", "srcdoc"].includes(item.name)
      || (["href", "src", "action", "formaction", "data"].includes(item.name) && /^\s*javascript:/i.test(item.value));
    const foreign = one => /^(iframe|frame|object|embed|base|style|math|applet)$/i.test(one.localName)
      || (one.localName === "script" && !ours(one.getAttribute("src")))
      || (one.localName === "link" && !ours(one.getAttribute("href")))
      || (one.localName === "meta" && one.httpEquiv !== "")
      || [...one.attributes].some(strange);
    return [...document.querySelectorAll("*")].filter(foreign).map(one => one.outerHTML.slice(0, 120));
  },

  // What runs only when somebody points at it or comes to it with the keyboard.
  provoke() {
    probe.open();
    for (const one of document.querySelectorAll("*"))
      for (const kind of ["mouseover", "focus", "toggle", "error", "load"]) one.dispatchEvent(new Event(kind));
    document.querySelectorAll("a[href^='javascript:' i]").forEach(link => link.click());
  },
};
