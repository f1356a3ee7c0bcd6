"use strict";
// The command palette: the search of the top bar, over the page, with the arrow keys.
{
  const dialog = document.getElementById("palette");
  const input = dialog.querySelector("input");
  const list = document.getElementById("palette-results");
  const WAIT_MS = 110;
  let timer = 0;
  let pending = null;

  const options = () => [...list.querySelectorAll("[role=option]")];

  function mark(option) {
    for (const each of options()) each.setAttribute("aria-selected", String(each === option));
    if (!option) return input.removeAttribute("aria-activedescendant");
    option.id ||= `palette-${options().indexOf(option)}`;
    input.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function say(text) {
    list.replaceChildren(Object.assign(document.createElement("p"), { className: "empty", textContent: text }));
  }

  async function find() {
    pending?.abort();
    const mine = (pending = new AbortController());
    const address = new URL(input.form.action);
    address.searchParams.set("q", input.value.trim());
    try {
      const answer = await fetch(address, { headers: { "HX-Request": "true" }, redirect: "manual", signal: mine.signal });
      if (!answer.ok) {
        return say(answer.type === "opaqueredirect" || answer.status === 401 ? "You were signed out. Press Enter to sign in." : "The search does not answer. Press Enter to try the full page.");
      }
      list.innerHTML = await answer.text();
      mark(options()[0]);
    } catch (error) {
      if (error.name !== "AbortError") say("No connection. Try again in a moment.");
    }
  }

  function show(text = "") {
    if (dialog.open) return;
    for (const other of document.querySelectorAll("dialog[open]")) other.close();
    dialog.showModal();
    input.value = text;
    input.focus();
    if (!list.childElementCount || text) find();
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, WAIT_MS);
  });

  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      // A search field would only empty itself.
      event.preventDefault();
      dialog.close();
    } else if (step && all.length) {
      event.preventDefault();
      mark(all[(at + step + all.length) % all.length]);
    } else if (event.key === "Enter" && at >= 0 && !event.isComposing) {
      event.preventDefault();
      if (event.ctrlKey || event.metaKey) open(all[at].href);
      else all[at].click();
    }
  });

  // Only a click or typing opens it: a box that jumps away on mere focus would trap those who tab through.
  for (const box of document.querySelectorAll("[data-palette-open]")) {
    box.addEventListener("click", () => show(box.value));
    box.addEventListener("input", () => show(box.value));
  }

  document.addEventListener("keydown", (event) => {
    const free = !event.target.closest("input, textarea, select, [contenteditable]");
    const asked = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey);
    if (!asked && !(event.key === "/" && free && !event.ctrlKey && !event.metaKey)) return;
    event.preventDefault();
    show();
  });
}
