"use strict";
// What every page shares: toasts, dialogs, menus, copying, and how htmx requests fail without losing what was typed.
{
  const $ = (selector, root = document) => root.querySelector(selector);
  const signIn = () => new URL($('meta[name="sign-in"]').content, location.href).href;
  const csrf = () => $('meta[name="csrf-token"]');

  // Toasts ------------------------------------------------------------------------------------------------------

  const TOAST_MS = 6000;

  function toast(message, tone = "info", link = null) {
    const box = document.createElement("div");
    box.className = `notice tone-${tone}`;
    const text = document.createElement("div");
    text.textContent = message;
    if (link) text.append(" ", Object.assign(document.createElement("a"), link));
    const close = Object.assign(document.createElement("button"), { className: "close", type: "button", textContent: "×" });
    close.setAttribute("aria-label", "Dismiss");
    close.dataset.dismiss = "";
    box.append(text, close);
    const region = $("#toasts");
    if ($("dialog[open]")) {
      // Shown anew, so that it lies above the dialog.
      region.hidePopover();
      region.showPopover();
    }
    region.append(box);
    while (region.children.length > 4) region.firstChild.remove();
    if (tone !== "bad") setTimeout(() => box.remove(), TOAST_MS);
  }
  // A server says the same with the header HX-Trigger: {"toast": {"message": "…", "tone": "good"}}.
  document.addEventListener("toast", ({ detail }) => toast(detail.message ?? detail.value, detail.tone));

  // Requests ----------------------------------------------------------------------------------------------------

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (detail.verb !== "get") detail.headers["X-CSRFToken"] = csrf().content;
  });

  // A form that stays on the page may be sent again on purpose: a key is for one time that it is sent.
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    const key = detail.successful && $('input[name="idempotency_key"]', detail.elt.closest("form") ?? detail.elt);
    if (key) key.value = `${key.value.split("~")[0]}~${Date.now()}`;
  });

  // What an error page says, or its fragment: shown as a toast, for swapping it in would replace what was typed.
  const saidBy = (xhr) => {
    const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
    return $("[data-fault]", page)?.textContent.trim();
  };

  document.addEventListener("htmx:responseError", async ({ detail: { xhr } }) => {
    if (xhr.status === 401) return signInAgain();
    // The token of a page that lay open for too long; with a new one the same click works.
    if (xhr.status === 400) await renewToken();
    const id = xhr.getResponseHeader("X-Request-Id");
    const reason = saidBy(xhr) ?? "Something went wrong. What you typed is still there; try again.";
    toast(id && xhr.status >= 500 ? `${reason} Request ${id}.` : reason, "bad");
  });
  document.addEventListener("htmx:sendError", () => toast("No connection. What you typed is still there; try again.", "bad"));
  document.addEventListener("htmx:timeout", () => toast("This takes too long. What you typed is still there; try again.", "bad"));

  // What takes a moment shows a line at the top; what is quick shows nothing.
  const BUSY_MS = 300;
  let running = 0;
  document.addEventListener("htmx:beforeRequest", () => {
    running++;
    setTimeout(() => document.documentElement.toggleAttribute("data-busy", running > 0), BUSY_MS);
  });
  document.addEventListener("htmx:afterRequest", () => {
    running = Math.max(0, running - 1);
    if (!running) document.documentElement.removeAttribute("data-busy");
  });

  // An expired session: sign in on another tab, come back, and the page is given the new session's token.
  let signedOut = false;

  function signInAgain() {
    if (signedOut) return;
    signedOut = true;
    toast("You were signed out. Nothing you typed is lost:", "bad", { href: signIn(), target: "_blank", textContent: "sign in again" });
  }

  async function renewToken() {
    const answer = await fetch(location.href, { redirect: "manual" }).catch(() => null);
    if (!answer?.ok) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const token = $('meta[name="csrf-token"]', page)?.content;
    if (!token) return false;
    csrf().content = token;
    for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = token;
    return true;
  }

  addEventListener("focus", async () => {
    if (!signedOut || !(await renewToken())) return;
    signedOut = false;
    $("#toasts").replaceChildren();
    toast("Signed in again. Carry on where you were.", "good");
  });

  // After a swap ------------------------------------------------------------------------------------------------

  function settle(root) {
    const target = root.matches?.("[data-focus], [data-panel]") ? root : $("[data-focus], [data-panel]", root);
    (target ?? $("[autofocus]", root))?.focus({ preventScroll: !target });
  }
  document.addEventListener("DOMContentLoaded", () => $("[data-focus]")?.focus());

  // The rows that a "load more" brought get the focus that its button had, without scrolling.
  let before = null;
  let opener = null;
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr.responseURL.split("?")[0] === signIn() && location.href.split("?")[0] !== signIn()) {
      detail.shouldSwap = false;
      return signInAgain();
    }
    const fault = detail.xhr.status >= 400 && saidBy(detail.xhr);
    if (fault && detail.shouldSwap) {
      detail.shouldSwap = false;
      return toast(fault, "bad");
    }
    if (detail.target.id === "panel" && !detail.target.contains(detail.requestConfig.elt)) opener = detail.requestConfig.elt;
    before = detail.requestConfig.elt.closest("[data-more]");
    if (before) before = { prev: before.previousElementSibling, parent: before.parentElement };
  });
  document.addEventListener("htmx:afterSettle", ({ detail }) => {
    if (before) {
      const first = before.prev ? before.prev.nextElementSibling : before.parent.firstElementChild;
      if (first) $("a, button, input", first)?.focus({ preventScroll: true });
      before = null;
    } else if (!detail.elt.hasAttribute("data-edit-url")) settle(detail.elt);
  });

  // Clicks ------------------------------------------------------------------------------------------------------

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      toast("Copied", "good");
    } catch {
      toast("The browser does not let this page copy. Select the text instead.", "warn");
    }
  }

  function closePanel(link) {
    $("#panel").replaceChildren();
    history.pushState({ htmx: true }, "", link.href);
    opener?.focus();
  }

  document.addEventListener("click", (event) => {
    const hit = (selector) => event.target.closest(selector);
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
    const panelClose = hit("#panel [data-panel-close]");
    if (hit("[data-dismiss]")) hit(".notice").remove();
    else if (hit("[data-copy]")) copy(hit("[data-copy]"));
    else if (hit("[data-open]")) document.getElementById(hit("[data-open]").dataset.open).showModal();
    else if (event.target.matches("dialog")) event.target.close();
    else if (panelClose && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      closePanel(panelClose);
    }
  });

  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (!question || confirm(question)) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  // Ctrl, Shift and Cmd with a click open a new tab or window, also on links that htmx would take.
  document.addEventListener("click", (event) => {
    if ((event.ctrlKey || event.metaKey || event.shiftKey) && event.target.closest("a[hx-get]")) event.stopPropagation();
  }, true);

  // A box that scrolls can be reached by keyboard, also where nothing in it takes focus.
  function reach() {
    for (const box of document.querySelectorAll(".table-box:not([role])")) {
      if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }
  addEventListener("resize", reach);
  document.addEventListener("DOMContentLoaded", reach);
  document.addEventListener("htmx:afterSettle", reach);

  // A picture covers the outline under it once it is there; one that does not load leaves it.
  const pictured = (image) => (image.naturalWidth ? image.classList.add("loaded") : image.remove());
  for (const kind of ["load", "error"]) document.addEventListener(kind, ({ target }) => target.matches?.(".thumb img") && pictured(target), true);
  for (const image of document.querySelectorAll(".thumb img")) if (image.complete) pictured(image);

  // The next page is fetched while the pointer still rests on its link.
  document.addEventListener("pointerover", ({ target }) => {
    const link = target.closest?.("a[data-prefetch]:not([hx-get])");
    if (!link || navigator.connection?.saveData) return;
    link.removeAttribute("data-prefetch");
    document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch", href: link.href }));
  });

  // Keys --------------------------------------------------------------------------------------------------------

  const typing = (element) => element.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = event.target.closest("details.menu[open]");
      if (menu) {
        menu.open = false;
        $("summary", menu).focus();
      } else if (!$("dialog[open]") && !typing(event.target)) $("#panel [data-panel-close]")?.click();
    } else if (event.key === "?" && !typing(event.target) && !$("dialog[open]")) $("#shortcuts")?.showModal();
  });

  const wide = matchMedia("(width >= 1000px)");
  wide.addEventListener("change", () => wide.matches && $("#sidebar:popover-open")?.hidePopover());
}
