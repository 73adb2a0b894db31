// Live parts ask only while the page is in view; when nobody answers the page says so, and takes it back afterwards.
(() => {
  const isPoll = (event) => /\bevery\b/.test(event.detail.ctx.sourceElement?.getAttribute("hx-trigger") ?? "");
  const notices = () => document.getElementById("notices");

  document.addEventListener("htmx:before:request", (event) => {
    if (document.hidden && isPoll(event)) event.preventDefault();
  });

  document.addEventListener("htmx:after:request", (event) => {
    if (event.detail.ctx.response.status >= 400) return;
    for (const notice of notices().querySelectorAll("[data-until-answer]")) notice.remove();
  });

  document.addEventListener("htmx:error", () => {
    if (notices().querySelector("[data-until-answer]")) return;
    const notice = document.createElement("p");
    notice.className = "notice notice-failed";
    notice.dataset.untilAnswer = "";
    notice.textContent = "The console does not answer. What you see may be old; it is asked again every few seconds.";
    notices().append(notice);
  });
})();
