"use strict";
// The board: jobs are moved by pointer or keyboard, and what others change appears without taking anything away from
// whoever is in the middle of a move.
{
  const QUARTER_MS = 15 * 60 * 1000;
  const board = () => document.getElementById("board");
  const laneOf = (element) => element?.closest("[data-technician]");
  const spanOf = (card, name) => Number([...card.classList].find((each) => each.startsWith(`${name}-`))?.slice(name.length + 1)) || 0;

  function setSpan(card, at, long) {
    for (const each of [...card.classList]) if (/^(at|for)-\d+$/.test(each)) card.classList.remove(each);
    if (at > 0 && long > 0) card.classList.add(`at-${at}`, `for-${long}`);
  }

  function timeOf(column) {
    const moment = new Date(Date.parse(board().dataset.begins) + (column - 1) * QUARTER_MS);
    const offset = /([+-])(\d\d):(\d\d)$/.exec(board().dataset.begins);
    const minutes = offset ? (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) : 0;
    return new Date(moment.getTime() + minutes * 60000).toISOString().slice(11, 16);
  }

  // What does not go together, as far as the page knows it. The server looks again.
  function problemOf(card, lane, at, long) {
    if (!lane.classList.contains("lane")) return "";
    const [from, many] = lane.dataset.shift.split(",").map(Number);
    if (!many) return `${lane.dataset.name} does not work on this day`;
    for (const other of lane.querySelectorAll(".job")) {
      if (other === card) continue;
      const start = spanOf(other, "at");
      if (start && at < start + spanOf(other, "for") && start < at + long) return `at the same time as ${other.querySelector(".job-title").textContent}`;
    }
    return at < from || at + long > from + many ? `outside of ${lane.dataset.name}'s shift` : "";
  }

  function move(card, lane, at) {
    card.classList.add("pending-move");
    htmx.ajax("POST", board().dataset.moveUrl.replace("/0/", `/${card.dataset.job}/`), {
      target: "#board",
      swap: "morph:outerHTML",
      values: {
        csrf_token: document.querySelector("[name=csrf_token]")?.value ?? document.querySelector("meta[name=csrf-token]")?.content ?? "",
        date: board().dataset.day,
        technician: lane.dataset.technician,
        start: at ? timeOf(at) : "",
        version: card.dataset.version,
      },
    });
    focusLater = card.id;
  }
  let focusLater = "";

  // By pointer: mouse, pen and finger alike.
  let drag = null;

  document.addEventListener("pointerdown", (event) => {
    const card = event.target.closest("#board .job");
    if (!card || event.button !== 0 || event.target.closest("button") || !("mayWrite" in board().dataset)) return;
    if (["completed", "cancelled"].includes(card.dataset.status)) return;
    drag = { card, x: event.clientX, y: event.clientY, id: event.pointerId, grip: event.clientX - card.getBoundingClientRect().left, moving: false };
  });

  document.addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    if (!drag.moving && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < 6) return;
    if (!drag.moving) {
      drag.moving = true;
      drag.card.classList.add("dragged");
      drag.ghost = document.createElement("li");
      drag.ghost.className = "drop";
      drag.ghost.append(Object.assign(document.createElement("span"), { className: "drop-words" }));
    }
    event.preventDefault();
    hover(event.clientX, event.clientY);
  });

  function hover(x, y) {
    const lane = laneOf(document.elementFromPoint(x, y));
    if (!lane || !board().contains(lane)) return;
    drag.lane = lane;
    const list = lane.matches(".tray-jobs") ? lane : lane.querySelector(".lane-jobs");
    const box = list.getBoundingClientRect();
    const quarters = Number(board().dataset.quarters);
    const long = spanOf(drag.card, "for") || 4;
    drag.at = lane.matches(".tray-jobs") ? 0 : Math.max(1, Math.min(quarters - long + 1, Math.round(((x - drag.grip - box.left) / box.width) * quarters) + 1));
    setSpan(drag.ghost, drag.at, long);
    const problem = problemOf(drag.card, lane, drag.at, long);
    drag.ghost.classList.toggle("is-bad", Boolean(problem));
    drag.ghost.firstChild.textContent = drag.at ? `${timeOf(drag.at)}${problem ? `, ${problem}` : ""}` : "Nobody";
    if (drag.ghost.parentElement !== list) list.append(drag.ghost);
  }

  function drop(really) {
    if (!drag) return;
    const { card, lane, at, ghost, moving } = drag;
    drag = null;
    ghost?.remove();
    card.classList.remove("dragged");
    if (moving) document.addEventListener("click", swallow, { capture: true, once: true });
    if (moving) setTimeout(() => document.removeEventListener("click", swallow, { capture: true }), 0);
    if (moving && really && lane) move(card, lane, at);
    catchUp();
  }

  function swallow(event) {
    event.preventDefault();
    event.stopPropagation();
  }

  document.addEventListener("pointerup", () => drop(true));
  document.addEventListener("pointercancel", () => drop(false));
  document.addEventListener("dragstart", (event) => event.target.closest?.("#board .job") && event.preventDefault());

  // By keyboard: Enter opens a job, Shift with the arrows moves it a quarter of an hour, or to the next technician.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drag) return drop(false);
    const card = event.target.closest?.("#board .job");
    if (!card || event.target !== card) return;
    if (event.key === "Enter") return card.querySelector(".job-title").click();
    if (!event.shiftKey || !event.key.startsWith("Arrow") || !("mayWrite" in board().dataset)) return;
    event.preventDefault();
    const lanes = [...board().querySelectorAll(".lane[data-technician]")];
    const lane = laneOf(card);
    const at = spanOf(card, "at");
    const shift = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (shift) return lane.matches(".tray-jobs") || at + shift < 1 ? undefined : move(card, lane, at + shift);
    const place = lanes.indexOf(lane) + (event.key === "ArrowDown" ? 1 : -1);
    const next = lane.matches(".tray-jobs") ? lanes[0] : lanes[place];
    if (next) move(card, next, at || firstFree(next, card));
    return undefined;
  });

  function firstFree(lane, card) {
    const [from, many] = lane.dataset.shift.split(",").map(Number);
    for (let at = from || 1; at < (from || 1) + (many || 1); at += 1) if (!problemOf(card, lane, at, 4)) return at;
    return from || 1;
  }

  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    if (detail.target.id !== "board" || !focusLater) return;
    document.getElementById(focusLater)?.focus();
    focusLater = "";
  });

  // Live: each message names a job and what is new about it. While a job is being dragged, messages wait.
  let waiting = [];
  let reload = 0;

  function catchUp() {
    const told = waiting;
    waiting = [];
    for (const each of told) hear(each);
  }

  function hear(told) {
    if (drag?.moving) return waiting.push(told);
    if (told.type === "reload" || told.type === "dispatch.plan") return loadAnew();
    if (!told.job_id) return undefined;
    const card = document.getElementById(`job-${told.job_id}`);
    if (card && Number(card.dataset.version) >= told.version) return undefined;
    const begins = Date.parse(board().dataset.begins);
    const at = told.scheduled_start ? Math.floor((Date.parse(told.scheduled_start) - begins) / QUARTER_MS) + 1 : 0;
    const end = told.scheduled_end ? Math.ceil((Date.parse(told.scheduled_end) - begins) / QUARTER_MS) + 1 : 0;
    const quarters = Number(board().dataset.quarters);
    const here = at >= 1 && end - 1 <= quarters;
    const target = told.technician_id === null || told.technician_id === undefined ? document.querySelector(".tray-jobs") : board().querySelector(`.lane[data-technician="${told.technician_id}"] .lane-jobs`);
    if (told.status === "cancelled" || !target || (told.technician_id && !here)) {
      card?.remove();
      return count();
    }
    if (!card && !here && told.scheduled_start) return undefined;
    const shown = card ?? made(told);
    write(shown, told, at, end - at);
    if (shown.parentElement !== target) target.append(shown);
    return count();
  }

  function made(told) {
    const card = document.getElementById("job-card").content.firstElementChild.cloneNode(true);
    card.id = `job-${told.job_id}`;
    card.dataset.job = told.job_id;
    const link = card.querySelector(".job-title");
    link.href = `${board().dataset.jobUrl}${told.job_id}`;
    link.setAttribute("hx-get", link.href);
    link.setAttribute("hx-target", "#panel");
    htmx.process(card);
    return card;
  }

  function write(card, told, at, long) {
    for (const each of [...card.classList]) if (each.startsWith("status-")) card.classList.remove(each);
    card.classList.add(`status-${told.status}`);
    card.classList.remove("changed", "pending-move");
    card.querySelector(".job-title").textContent = told.title;
    const line = card.querySelector(".job-line");
    line.textContent = `${line.textContent.split(" · ")[0]} · ${told.status.replaceAll("_", " ")}`.replace(/^ · /, "");
    card.dataset.version = told.version;
    card.dataset.status = told.status;
    setSpan(card, at, long);
    requestAnimationFrame(() => card.classList.add("changed"));
  }

  function count() {
    const number = document.getElementById("tray-count");
    if (number) number.textContent = document.querySelectorAll(".tray-jobs > .job").length;
  }

  // The whole board again, at most once a second however much comes.
  function loadAnew() {
    clearTimeout(reload);
    reload = setTimeout(() => htmx.ajax("GET", location.href, { target: "#board", swap: "morph:outerHTML", select: "#board" }), 300 + Math.random() * 700);
  }

  function listen() {
    const live = document.getElementById("live");
    const source = new EventSource(board().dataset.stream);
    source.onopen = () => { live.textContent = "Live"; };
    source.onmessage = ({ data }) => hear(JSON.parse(data));
    source.onerror = () => {
      live.textContent = "Connection lost, trying again";
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(() => { loadAnew(); listen(); }, 5000);
    };
    addEventListener("pagehide", () => source.close(), { once: true });
  }

  // The line of the present moves.
  setInterval(() => {
    const column = Math.floor((Date.now() - Date.parse(board()?.dataset.begins)) / QUARTER_MS) + 1;
    for (const line of document.querySelectorAll(".now")) setSpan(line, column, 1);
  }, 60000);

  document.addEventListener("DOMContentLoaded", () => board() && listen());
}
