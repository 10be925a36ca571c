// Refreshes the panels of a page, lets "/" go to the search box, and names Django's search fields for screen readers.
// Every page works without it.
"use strict";

// select2 shows a box of its own in place of a field, and leaves out the field's label.
(() => {
  const nameBoxes = () => {
    for (const box of document.querySelectorAll(".select2-container .select2-selection")) {
      const field = box.closest(".select2-container").previousElementSibling;
      const label = field && document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
      if (!label) continue;
      for (const part of [box, ...box.querySelectorAll("[role=textbox]")]) {
        part.removeAttribute("aria-labelledby");
        part.setAttribute("aria-label", label.textContent.trim().replace(/:$/, ""));
      }
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    if (!document.querySelector(".admin-autocomplete")) return;
    nameBoxes();
    new MutationObserver(nameBoxes).observe(document.body, { childList: true, subtree: true });
  });
})();

(() => {
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = document.getElementById("room-search");
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  const panels = () => [...document.querySelectorAll("[data-refresh-seconds]")];
  if (!panels().length) return;
  const live = document.querySelector(".live");
  const liveText = live?.textContent;
  const nextAt = new Map();
  const show = (isLive) => {
    if (!live) return;
    live.hidden = false;
    live.classList.toggle("paused", !isLive);
    live.textContent = isLive ? liveText : live.dataset.paused;
  };

  // What somebody uses now stays as it is: an element with the focus, an open menu, text that is selected.
  const isUsed = (panel) =>
    (panel.contains(document.activeElement) && document.activeElement !== document.body) ||
    panel.querySelector("details[open]") !== null ||
    (!getSelection().isCollapsed && panel.contains(getSelection().anchorNode));

  const refresh = async (due) => {
    const url = new URL(location.href);
    url.searchParams.delete("fragment");
    for (const panel of due) url.searchParams.append("fragment", panel.id);
    try {
      const answer = await fetch(url, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const panel of due) {
        const replacement = fresh.getElementById(panel.id);
        if (replacement && !isUsed(panel)) panel.replaceWith(replacement);
      }
      show(true);
    } catch {
      show(false);
    }
  };

  let isBusy = false;
  const tick = async () => {
    if (document.hidden || isBusy) return;
    const now = Date.now();
    for (const panel of panels()) {
      if (!nextAt.has(panel.id)) nextAt.set(panel.id, now + Number(panel.dataset.refreshSeconds) * 1000);
    }
    const due = panels().filter((panel) => nextAt.get(panel.id) <= now);
    if (!due.length) return;
    for (const panel of due) nextAt.delete(panel.id);
    isBusy = true;
    await refresh(due);
    isBusy = false;
  };
  show(true);
  setInterval(tick, 1000);
})();
