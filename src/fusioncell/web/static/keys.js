// The keyboard: the command palette (Ctrl-K), the list of shortcuts (?), and single keys that go to places.
// Rules kept here: nothing happens while one types or a dialog is open; single keys can be switched off (WCAG 2.1.4:
// data-shortcuts on <body>); what can be opened is what the server put into the page for this viewer, and nothing else;
// no HTML is built from data: rows that are found come rendered and escaped from GET /palette.
"use strict";

{
  const palette = document.getElementById("palette");
  const list = document.getElementById("palette-list");
  const box = document.getElementById("palette-q");
  const said = palette.querySelector("[data-palette-said]");
  const sheet = document.getElementById("shortcuts");
  const single = document.body.dataset.shortcuts === "on";
  const actions = all("[data-action]", list);
  let chosen = null;
  let asking = 0;
  let asked = null;
  let stale = false;  // what is listed was found for less than what is typed
  let moved = false;  // the reader has chosen a row

  // ---- the palette: a combobox whose list is always open (ARIA APG, combobox with list autocomplete)
  const shown = () => all("[role=option]", list).filter((row) => !row.hidden);
  function choose(row) {
    chosen?.setAttribute("aria-selected", "false");
    chosen = row || null;
    if (!chosen) { box.removeAttribute("aria-activedescendant"); return; }
    chosen.setAttribute("aria-selected", "true");
    box.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }
  function filter() {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of actions) row.hidden = !words.every((word) => row.textContent.toLowerCase().includes(word));
  }
  async function find() {
    const mine = ++asking;
    let html = "";
    try {
      const answer = await fetch(`/palette?${new URLSearchParams({ q: box.value.slice(0, 400) })}`, { redirect: "error", cache: "no-store" });
      if (answer.ok) html = await answer.text();
    } catch { /* the hub is away: the pages stay listed */ }
    if (mine !== asking) return;
    for (const row of all("[role=option]:not([data-action])", list)) row.remove();
    const holder = document.createElement("template");
    holder.innerHTML = html;
    const found = all("[role=option]", holder.content);
    found.forEach((row, number) => { row.id = `found-${number}`; });
    // What was typed names something: that comes first, the pages after it.
    if (box.value.trim()) list.prepend(...found); else list.append(...found);
    stale = false;
    if (!moved || !chosen?.isConnected) choose(shown()[0]);
    said.textContent = said.dataset.paletteSaid.replace("#", shown().length);
  }
  function open() {
    if (palette.open) return;
    sheet.open && sheet.close();
    palette.showModal();
    box.value = "";
    box.focus();
    filter();
    choose(shown()[0]);
    find();
  }
  const go = (row) => { if (row) location.assign(row.dataset.href); };
  box.addEventListener("input", () => {
    filter();
    stale = true;
    moved = false;
    choose(shown()[0]);
    clearTimeout(asked);
    asked = setTimeout(find, 150);
  });
  box.addEventListener("keydown", (event) => {
    const rows = shown();
    const at = rows.indexOf(chosen);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + rows.length }[event.key];
    if (next !== undefined && rows.length) { event.preventDefault(); moved = true; choose(rows[next % rows.length]); }
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (stale && !moved && box.value.trim()) location.assign(`/search?${new URLSearchParams({ q: box.value })}`);
      else go(chosen || rows[0]);
    }
  });
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]")));
  for (const button of all("[data-palette-open]")) {
    button.hidden = false;
    button.addEventListener("click", open);
  }
  for (const button of all("[data-shortcuts-open]")) {
    button.hidden = false;
    button.addEventListener("click", () => sheet.showModal());
  }

  // ---- rows of lists, and posts: j and k
  const ROWS = "main article.post, main .rows > li, main table.cards tbody tr";
  function step(by) {
    const rows = all(ROWS).filter((row) => row.offsetParent !== null && (row.matches(".post") || row.querySelector("a[href]")));
    const at = rows.findIndex((row) => row.contains(document.activeElement));
    const row = rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by];
    if (!row) return;
    const target = row.matches(".post") ? row : row.querySelector("a[href]");
    if (target === row) row.tabIndex = -1;
    target.focus();
    row.scrollIntoView({ block: "nearest" });
  }
  function reply() {
    const post = document.activeElement.closest("article.post");
    const link = post?.querySelector("a[data-reply]");
    const text = document.querySelector("#reply textarea");
    if (link && post.nextElementSibling) location.assign(link.href);  // not the last: its answer stands under it
    else if (text) text.focus();
  }

  let after = 0;  // until when a key after "g" counts
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      open();
      return;
    }
    if (!single || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
    const pressed = event.key;
    const place = actions.find((row) => row.dataset.keys === (Date.now() < after ? `g ${pressed}` : pressed));
    const led = Date.now() < after;
    after = 0;
    if (place) go(place);
    else if (led) return;
    else if (pressed === "g") after = Date.now() + 1500;
    else if (pressed === "j") step(1);
    else if (pressed === "k") step(-1);
    else if (pressed === "r") reply();
    else if (pressed === "?") sheet.showModal();
    else if (pressed === "/") { const q = document.getElementById("q"); q.focus(); q.select(); }
    else return;
    event.preventDefault();
  });
}
