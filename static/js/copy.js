// Buttons that copy a text.  Consoles without HTTPS have no clipboard interface, so there is an older way, too.
(() => {
  const SHOWN_MILLISECONDS = 2000;

  const textOf = (button) => {
    if (button.dataset.copy !== undefined) return button.dataset.copy;
    const copy = document.getElementById(button.dataset.copyFrom).cloneNode(true);
    for (const words of copy.querySelectorAll(".folded")) words.remove();
    return copy.textContent;
  };

  const write = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea"), before = document.activeElement;
    field.className = "visually-hidden";
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    before.focus();
  };

  for (const button of document.querySelectorAll("[data-copy], [data-copy-from]")) {
    const label = button.querySelector("[data-copied]"), words = label.textContent;
    let shown;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await write(textOf(button));
      label.textContent = label.dataset.copied;
      clearTimeout(shown);
      shown = setTimeout(() => { label.textContent = words; }, SHOWN_MILLISECONDS);
    });
  }
})();
