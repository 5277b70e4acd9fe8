"use strict";

const SMALL = 700, GAP = 24, EDGES = 2;
const byId = (id) => document.getElementById(id);
const status = byId("status");
let shown = Number(document.body.dataset.edition);
let quiet = 0;

function say(words, forever) {
  status.textContent = words;
  status.classList.toggle("on", words !== "");
  clearTimeout(quiet);
  if (words && !forever) quiet = setTimeout(() => say(""), 1600);
}

/* Parts as they came, before anything here touched them: what a newer page is compared with. */
const came = new WeakMap();
function remember() {
  for (const part of document.querySelectorAll("[data-part]")) if (!came.has(part)) came.set(part, part.outerHTML);
}

/* The page after a save: only the parts that differ are put in, so that nothing else moves or loses its place. */
async function renew(url, push) {
  let answer;
  try {
    answer = await fetch(url, { headers: { Accept: "text/html" } });
  } catch {
    return false;
  }
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!next.getElementById("main")) {
    say("This page cannot be made; the terminal says why", true);
    return false;
  }
  say("");
  document.title = next.title;
  if (push) history.pushState(null, "", url);
  shown = Number(next.body.dataset.edition);
  let changed = false;
  const parts = [...next.querySelectorAll("[data-part]")];
  const here = [...document.querySelectorAll("[data-part]")];
  if (here.map((part) => part.id).join() !== parts.map((part) => part.id).join()) {
    byId("main").replaceWith(next.getElementById("main"));
    changed = true;
    for (const id of ["picker", "tally", "list-body"]) swap(byId(id), next.getElementById(id));
  } else {
    for (const part of parts) changed = swap(byId(part.id), part) || changed;
  }
  remember();
  fit();
  narrow();
  return changed;
}

function swap(old, made) {
  const markup = made.outerHTML;
  if (came.get(old) === markup) return false;
  if (old.contains(document.activeElement) && document.activeElement.matches("input")) return false;
  came.set(made, markup);
  if (old.open) made.open = true;
  if (old.querySelector("details[open]")) made.querySelectorAll("details").forEach((more) => { more.open = true; });
  const focus = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const framed = old.querySelector(".frames");
  old.replaceWith(made);
  if (framed) made.querySelector(".frames")?.classList.add("changed");
  if (focus) made.querySelector(`[href="${CSS.escape(focus)}"]`)?.focus();
  return true;
}

/* Frames have the real width of a screen; where there is no room for it they are drawn smaller, never laid out so. */
function fit() {
  const frames = document.querySelector(".frames");
  if (!frames) return;
  const figures = [...frames.querySelectorAll("figure")];
  const room = frames.clientWidth;
  const stacked = room < SMALL;
  const wanted = figures.reduce((sum, figure) => sum + Number(figure.dataset.width) + EDGES, GAP * (figures.length - 1));
  for (const figure of figures) {
    const width = Number(figure.dataset.width);
    const scale = Math.min(1, stacked ? (room - EDGES) / width : room / wanted);
    const device = figure.querySelector(".device"), frame = figure.querySelector("iframe");
    frame.style.transform = scale < 1 ? `scale(${scale})` : "";
    device.style.width = `${width * scale + EDGES}px`;
    device.style.height = `${frame.offsetHeight * scale + EDGES}px`;
  }
}

/* The list of mails, narrowed to what was typed. */
function narrow() {
  const typed = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of document.querySelectorAll(".group")) {
    const name = group.querySelector("h2").textContent.toLowerCase();
    let any = false;
    for (const line of group.querySelectorAll("li")) {
      const words = `${name} ${line.textContent.toLowerCase()}`;
      line.hidden = !typed.every((word) => words.includes(word));
      line.style.display = line.hidden ? "none" : "";
      any = any || !line.hidden;
    }
    group.style.display = any || typed.length === 0 ? "" : "none";
  }
}

/* Leads, as they are typed. */
let asked = 0;
async function look(input) {
  const mine = ++asked;
  const query = new URLSearchParams(location.search);
  query.set("q", input.value);
  query.set("path", input.dataset.path);
  const { leads } = await (await fetch(`/leads?${query}`)).json();
  if (mine !== asked) return;
  const lines = leads.map((lead) => {
    const item = document.createElement("li"), link = document.createElement("a");
    const name = document.createElement("b"), detail = document.createElement("span");
    link.href = lead.url;
    name.textContent = lead.name;
    detail.textContent = lead.detail;
    detail.className = "soft";
    link.append(name, " ", detail);
    item.append(link);
    return item;
  });
  byId("found").replaceChildren(...lines);
  byId("found-count").textContent = lines.length ? "" : "Nobody of that name here; Enter looks for the whole address.";
}

document.addEventListener("input", (event) => {
  if (event.target.id === "filter") narrow();
  if (event.target.id === "lead-search") look(event.target);
});

/* Links between our own pages change the page in place, so that the list keeps its place. */
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || url.hash || url.pathname.startsWith("/static")) return;
  event.preventDefault();
  go(url.href);
});

async function go(url) {
  const there = new URL(url, location.href);
  const elsewhere = there.pathname !== location.pathname;
  if (elsewhere) menu(false);
  byId("picker").open = false;
  const inside = byId("main").contains(document.activeElement);
  if (document.activeElement.matches("input")) document.activeElement.blur();
  await renew(there.href, true);
  if (elsewhere) {
    if (inside) byId("main").focus({ preventScroll: true });
    scrollTo(0, 0);
    document.querySelector(".group li:has([aria-current])")?.scrollIntoView({ block: "nearest" });
  }
}

addEventListener("popstate", () => renew(location.href));

/* The list of mails, where there is no room for it beside the page. */
function menu(open) {
  document.body.classList.toggle("menu", open);
  byId("burger").setAttribute("aria-expanded", String(open));
}
byId("burger").addEventListener("click", () => menu(!document.body.classList.contains("menu")));

function turn(name) {
  const links = [...document.querySelectorAll(`[data-switch="${name}"] a`)];
  const at = links.findIndex((link) => link.hasAttribute("aria-current"));
  if (at >= 0) go(links[(at + 1) % links.length].href);
}

function beside(step) {
  const link = byId(step > 0 ? "after" : "before");
  if (link) return go(link.href);
  if (!byId("heading")) document.querySelector("[data-mail]")?.click();
}

const KEYS = {
  j: () => beside(1), k: () => beside(-1), d: () => turn("colours"), w: () => turn("width"), p: () => turn("pictures"),
  "/": () => { menu(true); byId("filter").focus(); },
  l: () => { byId("picker").open = true; byId("lead-search").focus(); },
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    byId("picker").open = false;
    document.activeElement?.blur?.();
    return;
  }
  if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = KEYS[event.key];
  if (act) {
    event.preventDefault();
    act();
  }
});

document.addEventListener("click", (event) => {
  const picker = byId("picker");
  if (picker.open && !picker.contains(event.target)) picker.open = false;
});

/* News of a save. A page that nobody looks at lets go: a browser keeps few connections to one server. */
let news = null;
function listen() {
  if (document.hidden || news) return;
  news = new EventSource("/events");
  news.onopen = () => say("");
  news.onmessage = async (event) => {
    if (Number(event.data) === shown) return;
    shown = Number(event.data);
    if (await renew(location.href)) say("Up to date");
  };
  news.onerror = () => say("The preview has stopped; it goes on when it is started again", true);
}
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    news?.close();
    news = null;
  } else {
    listen();
  }
});

addEventListener("resize", fit);
remember();
fit();
listen();
