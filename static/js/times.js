// Moments in the viewer's time zone, and ages that grow.  The server sends UTC, and its own clock in body[data-now].
(() => {
  const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23", timeZoneName: "short" };
  const day = { month: "short", day: "numeric" };
  const format = (options) => new Intl.DateTimeFormat(undefined, options);
  const formats = { clock: format(clock), day: format({ ...day, ...clock }), year: format({ year: "numeric", ...day, ...clock }) };
  const inWords = (at, style) => {
    const sameYear = at.getFullYear() === new Date().getFullYear();
    return formats[style || (sameYear ? "day" : "year")].format(at);
  };
  const offset = Number(document.body.dataset.now) * 1000 - Date.now();

  const duration = (seconds) => {
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    if (hours < 1) return `${minutes} min`;
    if (days < 1) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return hours % 24 && days < 7 ? `${days} d ${hours % 24} h` : `${days} d`;
  };

  const DUE_NOW_SECONDS = 15;
  const age = (at, style) => {
    const seconds = Math.floor((Date.now() + offset - at) / 1000);
    if (style === "due" && seconds >= -1 && seconds <= DUE_NOW_SECONDS) return "now";
    return seconds < -1 ? `in ${duration(-seconds)}` : `${duration(Math.max(0, seconds))} ago`;
  };

  const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  const tell = () => {
    for (const time of document.querySelectorAll("time[data-moment]")) {
      write(time, inWords(new Date(time.dateTime), time.dataset.moment));
    }
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const at = new Date(time.dateTime);
      time.title = `${inWords(at)} (${time.dateTime})`;
      write(time, age(at, time.dataset.ago));
    }
  };

  tell();
  setInterval(tell, 10000);
  // at each of these, since a moment must not be painted in UTC first
  for (const name of ["htmx:before:settle", "htmx:after:swap", "htmx:after:settle", "signalbox:times"]) document.addEventListener(name, tell);
})();
