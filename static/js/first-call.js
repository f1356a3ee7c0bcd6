// Sends the first call of a new key from its page, and shows what an integration would have received.
(() => {
  "use strict";

  const shown = (text, type) => (type.includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text);

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-first-call]");
    if (!form) return;
    event.preventDefault();
    const [line, answer] = form.querySelectorAll("[role=status] > *");
    line.hidden = false;
    try {
      const began = performance.now();
      const headers = { Authorization: `Bearer ${form.dataset.key}`, Accept: "application/json" };
      const reply = await fetch(form.dataset.firstCall, { headers, credentials: "omit" });
      const text = await reply.text();
      line.textContent = `${reply.status} ${reply.statusText} in ${Math.round(performance.now() - began)} ms`;
      answer.textContent = shown(text, reply.headers.get("Content-Type") || "");
      answer.hidden = false;
    } catch {
      line.textContent = "The server did not answer. Check your connection and send it again.";
    }
  });
})();
