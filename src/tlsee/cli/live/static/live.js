// Follows the server: each event brings the connections that changed, as finished markup.
"use strict";

const list = document.getElementById("connections");
const status = document.getElementById("status");
const following = document.getElementById("following");
const tools = document.getElementById("tools");
const pause = document.getElementById("pause");
const failures = document.getElementById("failures");

const AGAIN = 10000; // milliseconds

let source = null;
let upto = document.body.dataset.upto; // the number of the last change that is on the page

function parsed(markup) {
  // A document of its own: nothing in it runs, whatever it says.
  return new DOMParser().parseFromString(markup, "text/html").body.firstElementChild;
}

function place(number, row) {
  const old = document.getElementById(`c${number}`);
  if (old) {
    const opened = [...old.querySelectorAll("details[open]")].map((item) => item.id);
    const active = document.activeElement;
    const inside = old.contains(active);
    // A summary has no name of its own; its details have.
    const focus = inside ? active.id || active.parentElement.id : "";
    const isSummary = inside && !active.id;
    old.replaceWith(row);
    opened.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    if (focus) {
      const found = document.getElementById(focus);
      (isSummary ? found?.querySelector("summary") : found)?.focus({ preventScroll: true });
    }
    return;
  }
  const before = [...list.children].find((item) => Number(item.dataset.number) < number);
  list.insertBefore(row, before ?? null);
}

function take(message) {
  const news = JSON.parse(message.data);
  upto = message.lastEventId;
  news.rows.forEach((row) => place(row.number, document.adoptNode(parsed(row.html))));
  const kept = new Set(news.kept);
  [...list.children].forEach((item) => kept.has(Number(item.dataset.number)) || item.remove());
  status.textContent = news.status;
}

function isPaused() {
  return pause.getAttribute("aria-pressed") === "true";
}

function follow() {
  source = new EventSource(`events?since=${upto}`);
  source.onopen = () => { following.textContent = "Following."; };
  source.onerror = (event) => {
    const asked = event.target;
    if (asked.readyState !== EventSource.CLOSED) {
      following.textContent = "The server does not answer. Trying again.";
      return;
    }
    // It answered, and not with events: a browser asks no more, so this page does.
    following.textContent = "Not followed: too many pages follow, or the server was started again "
      + "and has a new address. Trying again.";
    setTimeout(() => { if (source === asked && !isPaused()) follow(); }, AGAIN);
  };
  source.onmessage = take;
  source.addEventListener("stopped", () => {
    source.close();
    pause.disabled = true;
    following.textContent = "The server has stopped. This is what there was.";
  });
}

pause.addEventListener("click", () => {
  const paused = !isPaused();
  pause.setAttribute("aria-pressed", String(paused));
  if (paused) {
    source.close();
    following.textContent = "Paused. What comes meanwhile is shown when you go on.";
  } else {
    follow();
  }
});

failures.addEventListener("change", () => {
  document.body.classList.toggle("failures", failures.checked);
});

tools.hidden = false;
document.body.classList.toggle("failures", failures.checked);
follow();
