"use strict";
// Tables by keyboard: rows (j, k, x), cells that are edited in place, pasting from a spreadsheet, picking rows.
{
  const typing = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  const cellOf = (element) => element.closest?.("td[data-edit-url]");
  const token = () => document.querySelector('meta[name="csrf-token"]').content;

  // Rows --------------------------------------------------------------------------------------------------------

  function moveRow(step) {
    const links = [...document.querySelectorAll("[data-grid] tbody .row-link")];
    const row = document.activeElement.closest("tr");
    const at = links.findIndex((link) => link.closest("tr") === row);
    links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
  }

  // Cells -------------------------------------------------------------------------------------------------------

  // The editable cell that lies `down` rows and `right` cells away, or none.
  function neighbour(cell, down, right) {
    const row = cell.parentElement;
    if (right) {
      const cells = [...row.querySelectorAll("td[data-edit-url]")];
      return cells[cells.indexOf(cell) + right];
    }
    const rows = [...cell.closest("table").querySelectorAll("tr:has(> td[data-edit-url])")];
    const next = rows[rows.indexOf(row) + down];
    return next && (next.querySelector(`td[data-field="${CSS.escape(cell.dataset.field)}"]`) ?? next.querySelector("td[data-edit-url]"));
  }

  // Brought whole into sight, not left under the column that stays.
  function focus(target) {
    target?.focus({ preventScroll: true });
    (target?.form ?? target)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  const after = (cell, step) => neighbour(cell, 0, step) ?? neighbour(cell, step, 0);
  const focusCell = (cell) => focus(cell?.querySelector(".input") ?? cell?.querySelector(".cell"));
  const atRest = new WeakMap();
  let goOn = null;
  // What was typed on a cell before its form came: it opens with that, so a slow line eats no letters.
  let early = null;

  function typeAhead(cell, key) {
    if (early?.cell !== cell) {
      early = { cell, text: "" };
      if (!cell.querySelector(".cell.htmx-request")) cell.querySelector(".cell").click();
    }
    early.text += key;
  }

  function leave(cell) {
    if (!atRest.has(cell)) return;
    cell.innerHTML = atRest.get(cell);
    cell.querySelector(".cell").classList.remove("htmx-request");
    htmx.process(cell);
    focusCell(cell);
  }

  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  function cellKey(event, cell) {
    const editing = cell.querySelector("form");
    if (editing && event.key === "Escape") leave(cell);
    else if (editing && event.key === "Tab" && event.target.matches(".input")) {
      goOn = after(cell, event.shiftKey ? -1 : 1);
      if (!goOn) return;
      editing.requestSubmit();
    } else if (!editing && steps[event.key]) focusCell(neighbour(cell, ...steps[event.key]));
    else if (!editing && event.key === "F2") cell.querySelector(".cell").click();
    else if (!editing && early?.cell === cell && event.key === "Backspace") early.text = early.text.slice(0, -1);
    else if (!editing && early?.cell === cell && event.key === "Enter") early.send = true;
    else if (!editing && event.key.length === 1 && (early?.cell === cell || !" /?".includes(event.key))) typeAhead(cell, event.key);
    else return;
    event.preventDefault();
  }

  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    if (cellOf(target) === target && !target.querySelector("form")) atRest.set(target, target.innerHTML);
  });

  // The form has the keyboard as soon as it is there, not when the page has settled: what is typed meanwhile is kept.
  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    const cell = cellOf(detail.elt);
    const input = cell === detail.elt && cell?.querySelector(".input");
    if (!input) return;
    goOn = null;
    htmx.process(cell); // else an Enter at once would leave the page
    focus(input);
    if (input.hasAttribute("aria-invalid")) return;
    input.select?.();
    if (early?.cell === cell && input.matches("input")) input.value = early.text;
  });

  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    const cell = cellOf(detail.elt);
    if (cell !== detail.elt) return;
    const ahead = early;
    early = null;
    if (cell.querySelector(".input")) {
      if (ahead?.send) cell.querySelector("form").requestSubmit();
      return;
    }
    cell.classList.add("saved");
    const next = goOn;
    goOn = null;
    if (next?.isConnected) next.querySelector(".cell")?.click();
    else focusCell(cell);
  });
  document.addEventListener("animationend", ({ target }) => target.classList.remove("saved"));

  // Pasting -----------------------------------------------------------------------------------------------------

  const MOST_CELLS = 500;

  async function put(cell, text) {
    atRest.set(cell, cell.innerHTML);
    const answer = await fetch(cell.dataset.editUrl, {
      method: "POST",
      headers: { "HX-Request": "true", "X-CSRFToken": token() },
      body: new URLSearchParams({ value: text }),
    });
    if (!answer.ok && answer.status !== 422 && answer.status !== 409) throw new Error(String(answer.status));
    cell.innerHTML = await answer.text();
    htmx.process(cell);
    if (answer.ok) cell.classList.add("saved");
    return answer.ok;
  }

  async function paste(start, text) {
    const jobs = [];
    let first = start;
    for (const line of text.replace(/\r?\n$/, "").split(/\r?\n/)) {
      let cell = first;
      for (const value of line.split("\t")) {
        if (cell) jobs.push([cell, value.trim()]);
        cell = cell && neighbour(cell, 0, 1);
      }
      first = first && neighbour(first, 1, 0);
    }
    let saved = 0;
    let refused = 0;
    try {
      for (const [cell, value] of jobs.slice(0, MOST_CELLS)) (await put(cell, value)) ? saved++ : refused++;
    } catch {
      const detail = { message: `Saved ${saved} of ${jobs.length} cells, then the connection failed. Paste again to go on.`, tone: "bad" };
      return document.dispatchEvent(new CustomEvent("toast", { detail }));
    }
    const detail = refused
      ? { message: `${saved} cells saved, ${refused} not: each says why.`, tone: "warn" }
      : { message: `${saved} ${saved === 1 ? "cell" : "cells"} saved`, tone: "good" };
    document.dispatchEvent(new CustomEvent("toast", { detail }));
    focusCell(start);
  }

  document.addEventListener("paste", (event) => {
    const cell = cellOf(event.target);
    if (!cell || cell.querySelector("form")) return;
    event.preventDefault();
    paste(cell, event.clipboardData.getData("text/plain"));
  });

  // Picking -----------------------------------------------------------------------------------------------------

  function count(form) {
    const boxes = [...form.elements].filter((box) => box.type === "checkbox");
    const picked = boxes.filter((box) => box.checked).length;
    form.classList.toggle("on", picked > 0);
    form.querySelector("[data-picked]").textContent = String(picked);
    const all = document.querySelector(`[data-pick-all="${form.id}"]`);
    if (!all) return;
    all.checked = picked > 0 && picked === boxes.length;
    all.indeterminate = picked > 0 && picked < boxes.length;
  }

  const countAll = () => document.querySelectorAll("form.bulk").forEach(count);
  document.addEventListener("change", ({ target }) => {
    if (target.dataset.pickAll) {
      for (const box of document.getElementById(target.dataset.pickAll).elements) {
        if (box.type === "checkbox") box.checked = target.checked;
      }
    }
    if (target.type === "checkbox") countAll();
  });
  document.addEventListener("reset", () => setTimeout(countAll));
  document.addEventListener("htmx:afterSettle", countAll);
  addEventListener("pageshow", countAll);

  // Keys --------------------------------------------------------------------------------------------------------

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const cell = cellOf(event.target);
    if (cell) return cellKey(event, cell);
    if (typing(event.target)) return;
    const inGrid = event.target.closest("[data-grid] tbody");
    if (event.key === "j" || (inGrid && event.key === "ArrowDown")) moveRow(1);
    else if (event.key === "k" || (inGrid && event.key === "ArrowUp")) moveRow(-1);
    else if (event.key === "x" && inGrid) event.target.closest("tr").querySelector(".pick input")?.click();
    else return;
    event.preventDefault();
  });
}
