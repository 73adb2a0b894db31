// Moments in the viewer's time zone, and ages that grow.  The server sends UTC, and its own clock in body[data-now].
(() => {
  const moment = new Intl.DateTimeFormat(undefined, {
    year: "numeric", month: "short", day: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  });
  const offset = Number(document.body.dataset.now) * 1000 - Date.now();

  const duration = (seconds) => {
    if (seconds < 60) return `${seconds} s`;
    const minutes = Math.floor(seconds / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    if (hours < 1) return `${minutes} min`;
    if (days < 1) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return hours % 24 && days < 7 ? `${days} d ${hours % 24} h` : `${days} d`;
  };

  const age = (at) => {
    const seconds = Math.floor((Date.now() + offset - at) / 1000);
    return seconds < -1 ? `in ${duration(-seconds)}` : `${duration(Math.max(0, seconds))} ago`;
  };

  const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };

  const tell = () => {
    for (const time of document.querySelectorAll("time[data-moment]")) {
      write(time, moment.format(new Date(time.dateTime)));
    }
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const at = new Date(time.dateTime);
      time.title = `${moment.format(at)} (${time.dateTime})`;
      write(time, age(at));
    }
  };

  tell();
  setInterval(tell, 10000);
  document.addEventListener("htmx:after:settle", tell);
})();
