// The pages in the van. Without any of this they work the same: a step then has no place, a signature is a picture.
"use strict";

const FIX_WITHIN_MS = 3000;

function sendWithPlace(form) {
  let sent = false;
  const send = (found) => {
    if (sent) return;
    sent = true;
    if (found) {
      form.elements.latitude.value = found.coords.latitude;
      form.elements.longitude.value = found.coords.longitude;
    }
    form.submit();
  };
  form.addEventListener("submit", (event) => {
    if (sent || !("geolocation" in navigator)) return;
    event.preventDefault();
    form.querySelector("button").disabled = true;
    navigator.geolocation.getCurrentPosition(send, () => send(null), { timeout: FIX_WITHIN_MS, maximumAge: 30000, enableHighAccuracy: true });
    setTimeout(send, FIX_WITHIN_MS + 500, null);
  });
}

function letSign(form) {
  const pad = form.querySelector("canvas");
  const pen = pad.getContext("2d");
  const fit = () => {
    pad.width = pad.clientWidth;
    pad.height = pad.clientHeight;
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, pad.width, pad.height);
    pen.lineWidth = 2.5;
    pen.lineCap = "round";
    form.elements.drawing.value = "";
  };
  let drawn = false;
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    pen.beginPath();
    pen.moveTo(event.offsetX, event.offsetY);
  });
  pad.addEventListener("pointermove", (event) => {
    if (!pad.hasPointerCapture(event.pointerId)) return;
    pen.lineTo(event.offsetX, event.offsetY);
    pen.stroke();
    drawn = true;
  });
  form.querySelector("[data-clear]").addEventListener("click", () => { drawn = false; fit(); });
  form.addEventListener("submit", () => { form.elements.drawing.value = drawn ? pad.toDataURL("image/png") : ""; });
  form.closest("details")?.addEventListener("toggle", fit);
  fit();
}

for (const form of document.querySelectorAll("form[data-place]")) sendWithPlace(form);
for (const form of document.querySelectorAll("form[data-sign]")) letSign(form);
for (const input of document.querySelectorAll("input[data-send]")) input.addEventListener("change", () => input.form.requestSubmit());
// A page that comes back from the browser's memory shows how things stood then.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
