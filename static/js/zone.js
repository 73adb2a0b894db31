// Dates and times are typed in the viewer's zone and sent in UTC, which is shown below the field.
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const inUtc = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23", timeZone: "UTC" });

  const asTyped = (at) => new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);

  for (const field of document.querySelectorAll("input[data-zoned]")) {
    const name = document.querySelector(`label[for="${CSS.escape(field.id)}"] [data-zone-name]`);
    const told = document.getElementById(field.getAttribute("aria-describedby"));
    const sent = document.createElement("input");
    sent.type = "hidden";
    sent.name = field.name;
    field.removeAttribute("name");
    field.after(sent);
    name.textContent = zone;
    if (field.dataset.zonedAt) field.value = asTyped(new Date(field.dataset.zonedAt));

    const tell = () => {
      const at = field.value ? new Date(field.value) : null;
      const known = at !== null && !Number.isNaN(at.valueOf());
      sent.value = known ? `${at.toISOString().slice(0, 19)}Z` : "";
      told.textContent = known ? `${inUtc.format(at)} UTC` : "";
    };
    field.addEventListener("input", tell);
    field.form.addEventListener("submit", tell);
    addEventListener("pageshow", tell);
    tell();
  }
})();
