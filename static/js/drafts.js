// What was typed and ticked in a form whose act did not happen comes back with its page: the session had ended, Redis was
// away, something typed was wrong.  It is kept in this tab, for this user, and until the next page that is no error.
// A form that asks about ticked rows is the answer to another form, so no address leads back to it: its ticks come back in
// their list, and what was typed when the list asks again.
(() => {
  const STORED = "signalbox-draft";
  const user = document.body.dataset.user ?? "";
  const here = () => location.pathname + location.search;
  const failed = document.querySelector("[data-act-failed]");
  const isTyped = (field) => field.matches("textarea, select, input:not([type=hidden], [type=password], [type=file], [type=checkbox], [type=radio])");
  const key = (field) => field.id || field.name;
  const target = (form, button) => new URL(button?.getAttribute("formaction") || form.action, location).pathname;

  const kept = () => {
    try { return JSON.parse(sessionStorage.getItem(STORED)); } catch { return null; }
  };
  const keep = (draft) => {
    try { sessionStorage.setItem(STORED, JSON.stringify(draft)); } catch { /* too large: it is not kept */ }
  };

  const isTicked = (field) =>
    field.type === "checkbox" ? field.checked : field.type === "hidden" && field.name === "task" && "askedFrom" in field.form.dataset;
  const waiting = () => { const draft = kept(); return draft?.user === user ? draft.waiting : undefined; };

  const written = (form, button) => ({
    page: form.dataset.askedFrom ?? here(), user, target: target(form, button), failed: false,
    asked: "askedFrom" in form.dataset, waiting: waiting(),
    typed: [...form.elements].filter((field) => isTyped(field) && field.value).map((field) => [key(field), field.value]),
    ticked: [...form.elements].filter(isTicked).map((field) => [field.name, field.value]),
  });

  const leadsTo = (form, address) =>
    target(form) === address || [...form.querySelectorAll("[formaction]")].some((button) => target(form, button) === address);
  const typedInto = (form, name) => [...form.elements].find((field) => isTyped(field) && key(field) === name);

  // several forms may lead to one address: that which has every field is meant
  const formOf = (draft) => {
    const forms = [...document.querySelectorAll("form[method=post]")].filter((form) => leadsTo(form, draft.target));
    return forms.find((form) => draft.typed.every(([name]) => typedInto(form, name))) ?? forms[0];
  };

  const type = (form, typed) => {
    for (const [name, value] of typed) {
      const field = typedInto(form, name);
      if (!field || field.value === value) continue;
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      const panel = field.closest("details");
      if (panel) panel.open = true;
    }
  };

  const restore = (draft) => {
    const form = formOf(draft);
    if (!form) return;
    const fields = [...form.elements];
    type(form, draft.typed);
    for (const [name, value] of draft.ticked) {
      const box = fields.find((one) => one.type === "checkbox" && one.name === name && one.value === value);
      if (box) box.checked = true;
    }
    const later = draft.asked ? { target: draft.target, typed: draft.typed } : draft.waiting;
    if (later) keep({ user, page: here(), typed: [], ticked: [], waiting: later });
  };

  const answer = (later) => {
    const form = [...document.querySelectorAll("form[data-asked-from]")].find((each) => target(each) === later.target);
    if (form) type(form, later.typed);
  };

  document.addEventListener("submit", (event) => {
    if (!event.defaultPrevented && event.target.method === "post" && user) keep(written(event.target, event.submitter));
  });

  const draft = kept();
  if (draft && failed) {
    keep({ ...draft, failed: true });
    for (const line of document.querySelectorAll("[data-kept]")) line.hidden = !(draft.typed.length || draft.ticked.length);
  } else if (draft && user) {
    sessionStorage.removeItem(STORED);
    if (draft.user !== user) return;
    if (draft.failed && draft.page === here()) restore(draft);
    else if (draft.waiting) answer(draft.waiting);
  }
})();
