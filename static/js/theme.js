// Light or dark: what the viewer chose before, else what the system says.  Runs before the page is drawn.
(() => {
  const root = document.documentElement;
  const chosen = localStorage.getItem("signalbox-theme");
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;

  const isDark = () =>
    root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;

  addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      const tell = () => button.setAttribute("aria-label", isDark() ? "Use the light theme" : "Use the dark theme");
      button.hidden = false;
      tell();
      button.addEventListener("click", () => {
        root.dataset.theme = isDark() ? "light" : "dark";
        localStorage.setItem("signalbox-theme", root.dataset.theme);
        tell();
      });
    }
  });
})();
