// What an act came to is read out, stays in view for a while wherever one scrolls, and can be put away.  It keeps its
// place on the page afterwards.
(() => {
  const IN_VIEW_MILLISECONDS = 10_000;
  const place = document.getElementById("notices");

  const prepare = (notice) => {
    if (notice.dataset.seen !== undefined || notice.dataset.untilAnswer !== undefined) return;
    notice.dataset.seen = "";
    const button = document.createElement("button"), icon = document.querySelector("[data-dismiss-icon]").content.firstElementChild.cloneNode(true);
    button.type = "button";
    button.className = "notice-dismiss";
    button.setAttribute("aria-label", "Dismiss");
    button.append(icon);
    button.addEventListener("click", () => {
      notice.remove();
      document.getElementById("content").focus({ preventScroll: true });
    });
    notice.append(button);
    notice.classList.add("toast");
    const rest = () => {
      if (notice.matches(":hover, :focus-within")) setTimeout(rest, IN_VIEW_MILLISECONDS / 4);
      else notice.classList.remove("toast");
    };
    setTimeout(rest, IN_VIEW_MILLISECONDS);
  };

  const all = () => { for (const notice of place.querySelectorAll(":scope > .notice")) prepare(notice); };

  // a live region reads what comes into it, not what it was born with
  addEventListener("load", () => { if (place.children.length) place.replaceChildren(...place.children); });
  new MutationObserver(all).observe(place, { childList: true });
  all();
})();
