// The workbench's keyboard and bulk choice: tick (x), tick all, press a button by its key (data-press).
// No page needs it: every choice is a checkbox and every act a button. j and k are those of keys.js.
"use strict";

{
  const each = (selector, root = document) => [...root.querySelectorAll(selector)];

  for (const form of each("form[data-ticks]")) {
    const boxes = each(".ticks input[type=checkbox]", form);
    const whole = form.querySelector("[data-tick-all]");
    const said = form.querySelector("[data-ticked]");
    const count = () => {
      const ticked = boxes.filter((box) => box.checked).length;
      if (said) said.textContent = ticked ? said.dataset.ticked.replace("#", ticked) : "";
      if (whole) whole.querySelector("input").checked = ticked === boxes.length;
    };
    if (whole) {
      whole.hidden = false;
      whole.querySelector("input").addEventListener("change", (event) => {
        for (const box of boxes) box.checked = event.target.checked;
        count();
      });
    }
    form.addEventListener("change", count);
    count();
  }

  document.addEventListener("keydown", (event) => {
    if (document.body.dataset.shortcuts !== "on" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog[open]")) return;
    if (event.key === "x") {
      const row = document.activeElement.closest(".ticks > li, .ticks > tr");
      const box = row?.querySelector("input[type=checkbox]");
      if (!box) return;
      box.checked = !box.checked;
      box.dispatchEvent(new Event("change", { bubbles: true }));
    } else {
      const button = /^[a-z]$/.test(event.key) && document.querySelector(`[data-press="${event.key}"]`);
      if (!button) return;
      button.click();
    }
    event.preventDefault();
  });

  // The graph: an arrow leads to the nearest node in its direction; Tab goes through all, Enter opens.
  const drawing = document.querySelector("[data-graph]");
  const AIMS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  drawing?.addEventListener("keydown", (event) => {
    const aim = AIMS[event.key];
    const here = event.target.closest(".node");
    if (!aim || !here) return;
    const middle = (node) => { const box = node.querySelector("circle, rect").getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; };
    const [x, y] = middle(here);
    let best = null;
    let least = Infinity;
    for (const node of each(".node", drawing)) {
      const [dx, dy] = [middle(node)[0] - x, middle(node)[1] - y];
      const ahead = dx * aim[0] + dy * aim[1];
      const cost = ahead + 2 * Math.abs(dx * aim[1] + dy * aim[0]);
      if (node !== here && ahead > 1 && cost < least) { best = node; least = cost; }
    }
    if (!best) return;
    event.preventDefault();
    best.focus();
  });
}
