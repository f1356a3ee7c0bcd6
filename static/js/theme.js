"use strict";
// Loaded in <head> without defer, so that a remembered theme holds before the first paint.
{
  const root = document.documentElement;
  const remembered = () => {
    try {
      return localStorage.getItem("theme") ?? "system";
    } catch {
      return "system";
    }
  };

  const apply = (choice) => {
    if (choice === "system") delete root.dataset.theme;
    else root.dataset.theme = choice;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === choice));
    }
  };

  root.classList.add("js");
  apply(remembered());
  document.addEventListener("DOMContentLoaded", () => apply(remembered()));
  addEventListener("storage", (event) => event.key === "theme" && apply(remembered()));
  document.addEventListener("click", (event) => {
    const choice = event.target.closest?.("[data-theme-choice]")?.dataset.themeChoice;
    if (!choice) return;
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // Storage is off: the choice holds for this page only.
    }
    apply(choice);
  });
}
