// Ticking rows: all at once, a range with the shift key, and how many are ticked.  After an act on a row the focus goes on.
(() => {
  const goOn = (form) => {
    const row = form.querySelector("tr.acted:not([data-seen])");
    if (!row) return;
    row.dataset.seen = "";
    if (document.activeElement === document.body) (row.nextElementSibling ?? row).querySelector("a, button")?.focus();
  };

  for (const form of document.querySelectorAll("[data-selection]")) {
    // a box may stand outside of its form, and name it
    const boxes = () => [...form.elements].filter((field) => field.type === "checkbox" && field.name === "task");
    const all = [...form.elements].find((field) => field.matches("[data-tick-all]"));
    let last = null;

    const tell = () => {
      const ticked = boxes().filter((box) => box.checked).length;
      for (const label of form.querySelectorAll("[data-selected]")) label.textContent = ticked ? `: ${ticked}` : "";
      if (!all) return;
      all.checked = ticked > 0 && ticked === boxes().length;
      all.indeterminate = ticked > 0 && !all.checked;
    };

    if (all) {
      all.hidden = false;
      all.addEventListener("change", () => { for (const box of boxes()) box.checked = all.checked; tell(); });
    }
    document.addEventListener("click", (event) => {
      if (event.target.name !== "task" || event.target.form !== form) return;
      const list = boxes(), at = list.indexOf(event.target), from = list.indexOf(last);
      if (event.shiftKey && from >= 0) {
        for (const box of list.slice(Math.min(at, from), Math.max(at, from) + 1)) box.checked = event.target.checked;
      }
      last = event.target;
      tell();
    });
    document.addEventListener("htmx:after:settle", () => { tell(); goOn(form); });
    addEventListener("pageshow", tell);
    tell();
  }
})();
