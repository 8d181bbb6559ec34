// Keys: one letter each, unless something is being written.

const actions = {
  "/": () => document.querySelector("input[type=search], .filters input")?.focus(),
  n: () => document.querySelector(".pager a[rel=next]")?.click(),
  g: () => document.querySelector(".pager a:not([rel])")?.click(),
  h: () => document.querySelector(".brand").click(),
  "?": () => document.getElementById("keys").showModal(),
};

function isWriting(element) {
  return element.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  const action = actions[event.key];
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (!action || !isPlain || isWriting(event.target) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  action();
});

document.getElementById("show-keys").addEventListener("click", actions["?"]);

// With Shift, the name of a column sorts by it after the columns that are sorted by already.
document.addEventListener("click", (event) => {
  const head = event.shiftKey && event.target.closest(".names th");
  const then = head && document.querySelector(`.charts td:nth-child(${head.cellIndex + 1}) .then`);
  if (!then) return;
  event.preventDefault();
  then.click();
});

// The bars of a histogram are one stop of the Tab key. Arrows move among them.
export function enhance(root) {
  for (const bars of root.querySelectorAll(".histogram")) {
    bars.addEventListener("keydown", (event) => {
      const step = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
      const next = step && event.target[step];
      if (!next) return;
      event.preventDefault();
      event.target.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    });
  }
}
