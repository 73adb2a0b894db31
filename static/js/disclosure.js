// A panel that lies over the page closes with Escape, by a click elsewhere, and when another one opens.
(() => {
  const open = () => document.querySelectorAll("details.disclosure[open]");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const panel of open()) {
      const inside = panel.contains(document.activeElement);
      panel.open = false;
      if (inside) panel.querySelector("summary").focus();
    }
  });

  document.addEventListener("click", (event) => {
    for (const panel of open()) if (!panel.contains(event.target)) panel.open = false;
  });
})();
