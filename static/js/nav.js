"use strict";
// What somebody folded or opened in the sidebar stays so on the next page; the group of the present page stays open.
{
  const remembered = () => {
    try {
      return JSON.parse(localStorage.getItem("nav")) ?? {};
    } catch {
      return {};
    }
  };

  const chosen = remembered();
  for (const group of document.querySelectorAll(".nav-group:not([data-current])")) {
    group.open = chosen[group.dataset.group] ?? group.open;
  }
  const sidebar = document.querySelector(".sidebar");
  const showWhereOneIs = () => sidebar.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  showWhereOneIs();
  sidebar.addEventListener("toggle", showWhereOneIs); // on narrow screens, where it opens over the page
  sidebar.addEventListener("click", (event) => {
    const group = event.target.closest("summary")?.parentElement;
    if (!group) return;
    try {
      localStorage.setItem("nav", JSON.stringify({ ...remembered(), [group.dataset.group]: !group.open }));
    } catch {
      // Storage is off: the choice holds for this page only.
    }
  });
}
