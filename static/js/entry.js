"use strict";
// Order entry: the scan box takes the next scan at once, good and bad sound different, Ctrl+Enter places.
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
    const outcome = document.getElementById("entry")?.dataset.outcome;
    if (detail.target.id !== "entry" || !scanOf(detail.requestConfig?.elt) || !outcome) return;
    if (navigator.userActivation?.hasBeenActive) beep(outcome === "good");
    if (outcome === "good" || box().value) return;
    box().value = detail.xhr.scanned ?? "";
    box().focus();
    box().select();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const button = document.querySelector("[data-place]");
    if (!button) return;
    event.preventDefault();
    button.form.requestSubmit(button);
  });
}
