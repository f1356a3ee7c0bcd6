"use strict";
// Holds that run out: each `data-left` (seconds) counts down. Where its page follows with `data-follow` (an address), the
// parts of the page marked `data-part` are fetched anew when the time is up, but for those in which somebody is at work.
{
  const two = (number) => String(number).padStart(2, "0");

  function clock(seconds) {
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor(seconds / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
  }

  // What is left is told by the server when the page is made: its clock decides, not this one.
  const began = new WeakMap();

  function countDown() {
    for (const pill of document.querySelectorAll("[data-left]")) {
      let known = began.get(pill);
      if (!known || known.left !== pill.dataset.left) began.set(pill, (known = { left: pill.dataset.left, at: performance.now(), over: false }));
      const seconds = Math.max(0, Math.ceil(Number(known.left) - (performance.now() - known.at) / 1000));
      pill.textContent = seconds ? `Held, ${clock(seconds)} left` : "Hold lapsed";
      pill.classList.toggle("tone-bad", seconds === 0);
      pill.classList.toggle("tone-warn", seconds > 0);
      if (seconds || known.over) continue;
      known.over = true;
      if (pill.dataset.follow) follow(pill.dataset.follow);
    }
  }

  async function follow(address) {
    const answer = await fetch(address).catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const fresh = page.getElementById(part.id);
      if (!fresh || part.querySelector("details[open]")) continue;
      const hadFocus = part.contains(document.activeElement);
      part.hidden = fresh.hidden;
      part.replaceChildren(...fresh.childNodes);
      if (!hadFocus) continue;
      const heading = document.querySelector("h1");
      heading.tabIndex = -1;
      heading.focus();
    }
    countDown();
  }

  setInterval(countDown, 1000);
  document.addEventListener("DOMContentLoaded", countDown);
  document.addEventListener("htmx:afterSwap", countDown);
}
