// A form is sent once: the second click of a double click is no second act.  Some seconds later it may be sent again,
// since its page may still be there: the answer was not waited for, or went to another tab.  A download leaves its page as
// it is, so its form may be sent again at once.
(() => {
  const DOUBLE_CLICK_MS = 3000;
  const sent = new Map();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (performance.now() - sent.get(form) < DOUBLE_CLICK_MS) event.preventDefault();
    else if (!(event.submitter ?? form).closest("[data-download]")) sent.set(form, performance.now());
  });

  // the page comes back as it was left
  addEventListener("pageshow", () => sent.clear());
})();
