// A form is sent once: the second click of a double click is no second act.  A download leaves the page as it is, so its
// form may be sent again.
(() => {
  const sent = new Set();

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (sent.has(form)) event.preventDefault();
    else if (!(event.submitter ?? form).closest("[data-download]")) sent.add(form);
  });

  // the page comes back as it was left
  addEventListener("pageshow", () => sent.clear());
})();
