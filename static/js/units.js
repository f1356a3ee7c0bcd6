"use strict";
// Scanning: one box that keeps the focus, answers by sound, and forgets no scan while an earlier one is on its way.
{
  const box = document.querySelector("[data-scan-box]");
  const form = box?.form;
  const csrf = () => document.querySelector('meta[name="csrf-token"]').content;
  const waiting = [];
  let busy = false;

  // One beep for good, two low ones for anything else: heard without looking.
  let audio = null;
  function beep(good) {
    try {
      audio ??= new AudioContext();
      const times = good ? [0] : [0, 0.18];
      for (const at of times) {
        const tone = audio.createOscillator();
        const volume = audio.createGain();
        volume.gain.value = 0.08;
        tone.frequency.value = good ? 1200 : 300;
        tone.connect(volume).connect(audio.destination);
        tone.start(audio.currentTime + at);
        tone.stop(audio.currentTime + at + (good ? 0.08 : 0.14));
      }
    } catch {
      // A browser without sound shows the same in colour and words.
    }
  }

  // What a scan led to is said in an element that stays: only changes inside of one are read out.
  function say(part) {
    const said = document.getElementById("said");
    said.innerHTML = part.innerHTML;
    said.dataset.tone = part.dataset.tone;
  }

  // A scan may set up the pile; what somebody has typed there since it was sent is theirs.
  function setUp(part, sent) {
    for (const field of part.querySelectorAll("[name]:not([type=checkbox])")) {
      const present = document.getElementById(field.id);
      if (present && present.value === (sent.get(field.name) ?? "")) present.value = field.value;
    }
  }

  const places = {
    said: say,
    pile: setUp,
    taken: (part) => {
      const present = document.getElementById("taken");
      window.Idiomorph ? Idiomorph.morph(present, part) : present.replaceWith(part);
      window.htmx?.process(document.getElementById("taken"));
    },
  };

  function put(html, sent) {
    const page = document.createElement("template");
    page.innerHTML = html;
    for (const part of page.content.querySelectorAll("#said, #pile, #taken")) places[part.id](part, sent);
    const good = document.getElementById("said").dataset.tone === "good";
    box.setAttribute("aria-invalid", String(!good));
    beep(good);
    // What was refused comes back to be mended, selected: the next scan overwrites it.
    if (!good && sent.get("scan") && !box.value && waiting.length === 1) {
      box.value = sent.get("scan");
      box.select();
    }
  }

  async function send() {
    if (busy) return;
    busy = true;
    while (waiting.length) {
      const { action, data } = waiting[0];
      try {
        const headers = { "HX-Request": "true", "X-CSRFToken": csrf() };
        const answer = await fetch(action, { method: "POST", headers, body: data });
        if (answer.status === 401) throw new Error("signed out");
        if (!answer.ok) throw new Error(String(answer.status));
        put(await answer.text(), data);
        waiting.shift();
      } catch {
        const message = `${waiting.length} not sent: no connection, or you were signed out. They are kept; scan on, or press Enter to try again.`;
        document.dispatchEvent(new CustomEvent("toast", { detail: { message, tone: "bad" } }));
        beep(false);
        break;
      }
    }
    busy = false;
  }

  let sent = 0;
  function queue(sender, submitter) {
    const data = new URLSearchParams(new FormData(sender, submitter));
    data.set("idempotency_key", `${data.get("idempotency_key").split("~")[0]}~${Date.now()}${sent++}`);
    waiting.push({ action: sender.action, data });
    send();
  }

  document.addEventListener("submit", (event) => {
    const sender = event.target;
    const scanning = sender === form;
    if (!box || (!scanning && !sender.closest("#said, #taken")) || sender.closest("#lines")) return;
    event.preventDefault();
    if (scanning && !box.value.trim()) return waiting.length ? send() : undefined;
    queue(sender, event.submitter);
    if (scanning) box.value = "";
    box.focus();
  });

  // The focus comes back to the box from wherever nothing is typed or pressed.
  if (box) {
    const home = () => setTimeout(() => document.activeElement === document.body && box.focus());
    document.addEventListener("focusout", home);
    document.addEventListener("click", home);
    addEventListener("focus", home);
    box.select();
    box.focus();
  }

  document.addEventListener("click", ({ target }) => target.closest("[data-print]") && print());
}
