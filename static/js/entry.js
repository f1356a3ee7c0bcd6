"use strict";
// Order entry: the scan box takes the next scan at once, good and bad sound different, holds count down, Ctrl+Enter places.
{
  const box = () => document.getElementById("scan");

  let sound = null;
  function beep(good) {
    sound ??= new AudioContext();
    const tone = sound.createOscillator();
    const volume = sound.createGain();
    volume.gain.value = 0.05;
    tone.frequency.value = good ? 880 : 220;
    tone.connect(volume).connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + (good ? 0.07 : 0.25));
  }

  const scanOf = (elt) => elt?.closest?.("form[data-scan]");

  // The box is free for the next scan as soon as one is on its way; what could not be done comes back into it.
  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    const form = scanOf(detail.elt);
    if (!form || detail.elt !== form) return;
    detail.xhr.scanned = box().value;
    box().value = "";
    document.getElementById("offers").replaceChildren();
    box().focus();
  });

  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    countDown();
    const outcome = document.getElementById("entry")?.dataset.outcome;
    if (detail.target.id !== "entry" || !scanOf(detail.requestConfig?.elt) || !outcome) return;
    if (navigator.userActivation?.hasBeenActive) beep(outcome === "good");
    if (outcome === "good" || box().value) return;
    box().value = detail.xhr.scanned ?? "";
    box().focus();
    box().select();
  });

  // What is left is told by the server when the page is made: its clock decides, not this one.
  const began = new WeakMap();
  function countDown() {
    for (const pill of document.querySelectorAll("[data-left]")) {
      const known = began.get(pill);
      if (!known || known.left !== pill.dataset.left) began.set(pill, { left: pill.dataset.left, at: performance.now() });
      const { left, at } = began.get(pill);
      const seconds = Math.max(0, Math.ceil(Number(left) - (performance.now() - at) / 1000));
      const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
      pill.textContent = seconds ? `Held, ${clock} left` : "Hold lapsed";
      pill.classList.toggle("tone-bad", seconds === 0);
      pill.classList.toggle("tone-warn", seconds > 0);
    }
  }
  setInterval(countDown, 1000);
  document.addEventListener("DOMContentLoaded", countDown);

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const button = document.querySelector("[data-place]");
    if (!button) return;
    event.preventDefault();
    button.form.requestSubmit(button);
  });
}
