// The little that pages do by themselves. No page needs it: every action is a link or a form.
// Kept here: theme, copy, relative times, the live list, the chart. No HTML is built from data here:
// the live list inserts fragments that the server has rendered and escaped.
"use strict";

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
// What the script says, in the page's language; "#" stands for what is filled in.
const words = (name) => document.getElementById("words").getAttribute(`data-say-${name}`);

// ---- theme: auto → dark → light; the cookie lets the server send the right one, so that no page flashes
const themes = ["auto", "dark", "light"];
const themeButton = document.querySelector("[data-theme-toggle]");

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  if (themeButton) themeButton.querySelector("[data-theme-name]").textContent = words(theme);
  document.dispatchEvent(new Event("theme"));
}

if (themeButton) {
  themeButton.hidden = false;
  themeButton.addEventListener("click", () => {
    const now = document.documentElement.dataset.theme || "auto";
    const next = themes[(themes.indexOf(now) + 1) % themes.length];
    document.cookie = `theme=${next}; Path=/; Max-Age=31536000; SameSite=Lax`;
    showTheme(next);
  });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("theme")));

// ---- copy
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = words("copied");
  } catch {
    button.textContent = words("uncopied");
  }
  setTimeout(() => { button.textContent = label; }, 2000);
});

// ---- relative times; words as in words.ago; the forms stand for 0, 1, 2, 3, 6 and all others
function ago(distance) {
  const past = distance >= 0;
  const seconds = Math.abs(distance);
  for (const size of [31536000, 2592000, 86400, 3600, 60]) {
    if (seconds >= size) {
      const count = Math.floor(seconds / size);
      const forms = words(`${past ? "past" : "coming"}-${size}`).split("|");
      return forms[[0, 1, 2, 3].includes(count) ? count : count === 6 ? 4 : 5].replace("#", count);
    }
  }
  if (seconds < 10) return words("now");
  return past ? words("past") : words("coming");
}

// The hub's clock rules (the demonstration's runs ahead): count on from what the page said, by elapsed time.
const served = Date.parse(document.documentElement.dataset.now || "") || Date.now();
const opened = Date.now();
setInterval(() => {
  const now = served + (Date.now() - opened);
  for (const time of all("time[data-ago]")) time.textContent = ago((now - Date.parse(time.dateTime)) / 1000);
}, 30000);

// ---- the bell: asked again while the page is looked at
const bell = document.querySelector("[data-bell]");
if (bell) setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(bell.dataset.bell, { redirect: "error", cache: "no-store" });
    if (answer.ok) bell.querySelector("[data-bell-count]").textContent = (await answer.text()).slice(0, 4);
  } catch { /* the hub is away: the next look tells */ }
}, 15000);

// ---- the live list: EventSource on data-live, `event: new`, data = one rendered <li>
function liveList(panel) {
  const list = panel.querySelector("[data-live-list]");
  const button = panel.querySelector("[data-live-pause]");
  const state = panel.querySelector("[data-live-state]");
  const said = panel.querySelector("[data-live-said]");
  const limit = 30;
  const held = [];
  let paused = false;
  let unsaid = 0;

  const busy = () => paused || list.matches(":hover, :focus-within");
  const label = () => {
    button.textContent = paused ? (held.length ? words("resume-new").replace("#", held.length) : words("resume")) : words("pause");
  };
  function put(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const item = holder.content.firstElementChild;
    if (!item) return;
    const known = item.id && document.getElementById(item.id);
    if (known) { known.replaceWith(item); return; }  // more of it came, or it was recalled
    item.classList.add("fresh");
    list.prepend(item);
    while (list.children.length > limit) list.lastElementChild.remove();
    panel.querySelector("[data-live-empty]")?.remove();
    list.hidden = false;
    unsaid += 1;
  }
  const release = () => {
    if (!busy()) while (held.length) put(held.shift());
    label();
  };
  const source = new EventSource(panel.dataset.live);
  source.addEventListener("open", () => { state.dataset.state = "live"; state.textContent = words("live"); });
  source.addEventListener("error", () => { state.dataset.state = "lost"; state.textContent = words("lost"); });
  source.addEventListener(panel.dataset.liveEvent || "new", (event) => {
    held.push(event.data);
    if (held.length > limit) held.shift();
    release();
  });
  list.addEventListener("pointerleave", release);
  list.addEventListener("focusout", () => setTimeout(release));
  button.hidden = false;
  button.addEventListener("click", () => { paused = !paused; release(); });
  setInterval(() => {  // say at most every ten seconds how many, not each one in full
    if (!unsaid) return;
    said.textContent = words("arrived").replace("#", unsaid);
    unsaid = 0;
  }, 10000);
}
all("[data-live]").forEach(liveList);

// ---- a thread: `event: post` is one rendered <article>, put at the end (or in the place of its older version) without
// touching the focus or the scroll; `event: gone` names a contribution that was withdrawn
function liveThread(thread) {
  const state = document.querySelector("[data-live-state]");
  const said = document.querySelector("[data-live-said]");
  const { threadId, csrf } = thread.dataset;
  let last = thread.dataset.last;
  const noteRead = () => {
    if (!csrf || !last || document.hidden) return;
    fetch(`/exchange/${encodeURIComponent(threadId)}/read`, {
      method: "POST", body: new URLSearchParams({ csrf, post: last }), redirect: "manual", credentials: "same-origin",
    }).catch(() => {});
  };
  setTimeout(noteRead, 1500);
  const source = new EventSource(thread.dataset.threadLive);
  source.addEventListener("open", () => { state.dataset.state = "live"; state.textContent = words("live"); });
  source.addEventListener("error", () => { state.dataset.state = "lost"; state.textContent = words("lost"); });
  source.addEventListener("post", (event) => {
    const holder = document.createElement("template");
    holder.innerHTML = event.data;
    const post = holder.content.firstElementChild;
    if (!post || post.dataset.thread !== threadId) return;
    for (const field of all("input[name=csrf]", post)) field.value = csrf;
    const known = document.getElementById(post.id);
    if (known) {
      if (known.dataset.version !== post.dataset.version && !known.contains(document.activeElement)) known.replaceWith(post);
      return;
    }
    post.classList.add("fresh");
    thread.append(post);
    last = post.id.slice("post-".length);
    said.textContent = words("posted").replace("#", () => post.querySelector(".post-head strong").textContent);
    setTimeout(noteRead, 3000);
  });
  source.addEventListener("gone", (event) => {
    for (const post of all("article.post", thread)) {
      if (post.dataset.contribution === event.data) post.remove();
    }
  });
}
all("[data-thread-live]").forEach(liveThread);

// ---- the chart: drawn from the table that says the same (data-x in seconds, data-y)
function chart(holder) {
  const cells = all("[data-x]", document.getElementById(holder.dataset.chart));
  const data = [cells.map((cell) => Number(cell.dataset.x)), cells.map((cell) => Number(cell.dataset.y))];
  const step = data[0].length > 1 ? data[0][1] - data[0][0] : 3600;
  const long = data[0].length && data[0].at(-1) - data[0][0] > 3 * 86400;
  let plot = null;
  const draw = () => {
    plot?.destroy();
    const look = getComputedStyle(holder);
    const ink = getComputedStyle(holder.querySelector(".axis-ink")).color;
    const axis = { stroke: ink, grid: { stroke: look.borderTopColor, width: 1 }, ticks: { show: false },
                   font: "12px system-ui, sans-serif" };
    plot = new uPlot({
      width: holder.clientWidth, height: 180, padding: [8, 8, 0, 0],
      cursor: { drag: { setScale: false } },
      scales: { x: { time: true, range: (_, first, last) => [first, last + step] }, y: { range: (_, low, high) => [0, Math.max(high * 1.1, 4)] } },
      tzDate: (stamp) => uPlot.tzDate(new Date(stamp * 1e3), "Etc/UTC"),
      axes: [{ ...axis, grid: { show: false }, values: long ? "{D} {MMM}" : "{HH}:{mm}", space: 60, size: 28 }, { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10000] }],
      series: [{}, { stroke: look.color, width: 1.5, fill: look.color.replace("rgb(", "rgba(").replace(")", ", .16)"),
                     paths: uPlot.paths.bars({ size: [0.7, 40], align: 1 }), points: { show: false } }],
    }, data, holder);
  };
  draw();
  document.addEventListener("theme", draw);
  new ResizeObserver(() => plot.setSize({ width: holder.clientWidth, height: 180 })).observe(holder);
}
if (typeof uPlot !== "undefined") all("[data-chart]").forEach(chart);
