// Keeps the preview of the template editor up to date while somebody types, and inserts placeholders.
// Without it, the button "Show in the preview" sends the same form to the same frame.
"use strict";

(() => {
  const form = document.getElementById("editor-form");
  const button = document.getElementById("preview-button");
  if (!form || !button) return;

  // A form that is sent to a new frame adds nothing to the history, so "back" still leaves the page. Each frame has a
  // name of its own, because browsers do not forget the name of a frame that still shows something.
  let count = 0;
  const show = () => {
    const old = document.getElementById("preview");
    const fresh = old.cloneNode(false);
    count += 1;
    fresh.removeAttribute("src");
    fresh.name = `preview-${count}`;
    fresh.classList.add("waiting");
    old.removeAttribute("id");
    old.after(fresh);
    for (const stale of document.querySelectorAll(".editor-preview.waiting:not(#preview)")) stale.remove();
    let isSent = false;
    fresh.addEventListener("load", () => {
      if (!isSent) return;
      fresh.classList.remove("waiting");
      for (const each of document.querySelectorAll(".editor-preview:not(#preview)")) each.remove();
    });
    isSent = true;
    for (const each of form.querySelectorAll("[formtarget]")) each.formTarget = fresh.name;
    form.requestSubmit(button);
  };

  let timer = 0;
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 400);
  });

  let field = form.querySelector("textarea");
  form.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea, [name=subject]")) field = event.target;
  });
  for (const code of document.querySelectorAll("[data-insert]")) {
    const insert = document.createElement("button");
    insert.type = "button";
    insert.textContent = code.dataset.insert;
    insert.addEventListener("click", () => {
      field.setRangeText(code.dataset.insert, field.selectionStart, field.selectionEnd, "end");
      field.focus();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    code.replaceWith(insert);
  }
})();
