// Live parts ask only while the page is in view and nobody has paused them.  When nobody answers the page says since
// when, and takes it back afterwards; a page that found Redis away comes back by itself.
(() => {
  const root = document.documentElement, STORED = "signalbox-refresh", AGAIN_MILLISECONDS = 4000;
  const notices = () => document.getElementById("notices");
  const isPaused = () => localStorage.getItem(STORED) === "paused";
  const isPoll = (event) => /\bevery\b/.test(event.detail.ctx.sourceElement?.getAttribute("hx-trigger") ?? "");
  const seconds = () => Number(document.body.dataset.now) + performance.now() / 1000;
  let answeredAt = seconds();

  const tell = () => {
    root.dataset.refresh = isPaused() ? "paused" : "on";
    for (const button of document.querySelectorAll("[data-refresh-toggle]")) {
      button.hidden = false;
      button.setAttribute("aria-pressed", String(isPaused()));
    }
  };

  const lost = () => {
    root.dataset.answers = "lost";
    if (notices().querySelector("[data-until-answer]")) return;
    const notice = document.createElement("p"), words = document.createElement("span"), age = document.createElement("time");
    notice.className = "notice notice-failed";
    notice.dataset.untilAnswer = age.dataset.ago = "";
    age.dateTime = new Date(answeredAt * 1000).toISOString();
    words.append("The console does not answer. What you see is as it was ", age, "; it is asked again every few seconds.");
    notice.append(words);
    notices().append(notice);
    document.dispatchEvent(new Event("signalbox:times"));
  };

  const found = () => {
    answeredAt = seconds();
    delete root.dataset.answers;
    for (const notice of notices().querySelectorAll("[data-until-answer]")) notice.remove();
  };

  document.addEventListener("htmx:before:request", (event) => {
    if (isPoll(event) && (document.hidden || isPaused())) event.preventDefault();
  });
  document.addEventListener("htmx:after:request", (event) => {
    const status = event.detail.ctx.response.status;
    if (status < 400) found();
    else if (status >= 500 && isPoll(event)) root.dataset.answers = "lost";
  });
  document.addEventListener("htmx:error", lost);

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-refresh-toggle]")) return;
    if (isPaused()) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, "paused");
    tell();
    if (isPaused()) return;
    for (const part of document.querySelectorAll('[hx-trigger*="every"]')) htmx.trigger(part, "every", {}, false);
  });
  tell();

  const again = document.querySelector("[data-again-when]");
  const ask = async () => {
    const answer = document.hidden ? null : await fetch(again.dataset.againWhen).catch(() => null);
    if (answer?.ok) location.reload();
    else setTimeout(ask, AGAIN_MILLISECONDS);
  };
  if (again) setTimeout(ask, AGAIN_MILLISECONDS);
})();
