// Keys for lists and pages.  They move the focus and open what a link opens; nothing is acted on but by pressing a button.
(() => {
  const STORED = "signalbox-keys", GO_MILLISECONDS = 1500;
  const dialog = document.getElementById("keys");
  const choice = dialog.querySelector("[data-keys-choice]");
  const isOn = () => localStorage.getItem(STORED) !== "off";
  const rows = () => [...document.querySelectorAll("main tbody tr")].filter((row) => row.checkVisibility() && opener(row));
  const opener = (row) => row.querySelector("th a[href], td a[href]");
  let last = -1, goUntil = 0;

  const here = (list) => {
    const at = list.indexOf(document.activeElement.closest?.("main tbody tr"));
    return at >= 0 ? at : Math.min(last, list.length - 1);
  };
  const focus = (element) => {
    if (!element) return false;
    element.focus();
    element.scrollIntoView({ block: "nearest" });
    return true;
  };
  const move = (step) => {
    const list = rows();
    last = Math.max(0, Math.min(here(list) + step, list.length - 1));
    return list.length > 0 && focus(opener(list[last]));
  };
  const current = () => { const list = rows(); return list[here(list)]; };
  const search = () => document.querySelector("main input[type=search]") ?? document.querySelector("input[type=search]");
  const follow = (link) => { link?.click(); return Boolean(link); };
  const press = (box) => { box?.click(); return Boolean(box); };

  const keys = {
    "/": () => { const field = search(); field?.select(); return focus(field); },
    "?": () => { dialog.showModal(); return true; },
    j: () => move(1),
    k: () => move(-1),
    x: () => press(current()?.querySelector("input[type=checkbox]")),
    o: () => follow(current() && opener(current())),
    r: () => focus(current()?.querySelector("[data-key=r]") ?? document.querySelector("main [data-key=r]")),
    e: () => follow(document.querySelector("main [data-key=e]")),
    g: () => { goUntil = Date.now() + GO_MILLISECONDS; return true; },
  };
  const go = (letter) => follow(document.querySelector(`[data-go="${CSS.escape(letter)}"]`));

  const isTyping = (target) =>
    target.isContentEditable || target.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=submit])");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (!isOn() || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const goes = Date.now() < goUntil;
    goUntil = 0;
    if (goes ? go(event.key) : Object.hasOwn(keys, event.key) && keys[event.key]()) event.preventDefault();
  });

  for (const button of document.querySelectorAll("[data-keys-open]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.showModal());
  }
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  choice.checked = isOn();
  choice.addEventListener("change", () => localStorage.setItem(STORED, choice.checked ? "on" : "off"));
})();
