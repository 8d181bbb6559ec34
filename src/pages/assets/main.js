// What scripts add to a page. Each module enhances what it finds below an element, so that it can be called again for a page that was
// loaded later.

import * as client from "./client.js";
import * as copy from "./copy.js";
import * as keyboard from "./keyboard.js";
import * as navigate from "./navigate.js";
import * as upload from "./upload.js";

const modules = [client, copy, keyboard, upload];

function enhance(root) {
  for (const module of modules) module.enhance(root);
}

navigate.whenShown(enhance);
enhance(document);

// A page that the browser kept shows what was typed before it was left, which is no longer what its address says.
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.forms) form.reset();
});
