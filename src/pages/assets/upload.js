// Sends files to the API, with progress. The form itself works without this, but shows none.

import { headers } from "./navigate.js";

const ACCEPT = "application/vnd.flash.v2+json";
// A refused line is looked for in so much of a file.
const SEARCHED = 8 << 20;

function element(name, text, ...children) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function link(href, text) {
  const made = element("a", text);
  made.href = href;
  return made;
}

// Sends a body, and tells how much of it is sent.
function send(method, url, body, type, tell) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader("Accept", ACCEPT);
    if (type) request.setRequestHeader("Content-Type", type);
    const packed = body.name && /\.(gz|zst)$/i.exec(body.name);
    if (packed) request.setRequestHeader("Content-Encoding", packed[1].toLowerCase() === "gz" ? "gzip" : "zstd");
    for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => tell(event.loaded, event.total);
    request.upload.onload = () => tell(1, 1);
    request.onload = () => resolve({ status: request.status, text: request.responseText });
    request.onerror = () => reject(new Error("The upload was cut off. The server may have stopped, or it refused the file before all of it was sent."));
    request.send(body);
  });
}

// The text of a line of a file, counted from 1.
async function lineOf(file, number) {
  const lines = (await file.slice(0, SEARCHED).text()).split(/\r\n|\n|\r/);
  return lines[number - 1];
}

// Who read the dataset lately.
function readers(list = []) {
  if (!list.length) return [];
  const lines = list.map(({ client, family, last_at, columns }) => {
    const who = client ?? (family ? `${family}, anonymous` : "anonymous");
    return `${who}, last on ${last_at.slice(0, 10)}${columns.length ? `, named ${columns.join(", ")}` : ""}`;
  });
  const shown = element("ul", "", ...lines.map((line) => element("li", line)));
  shown.className = "hints";
  return [element("p", "Who reads it:"), shown];
}

async function refusal(answer, files) {
  let problem;
  try {
    problem = JSON.parse(answer.text);
  } catch {
    return [element("p", `The server answered with ${answer.status}.`)];
  }
  const parts = [element("p", problem.detail ?? problem.error)];
  if (problem.line) {
    const place = problem.column ? `Line ${problem.line}, column ${problem.column}` : `Line ${problem.line}`;
    const line = files.length === 1 && /\.(gz|zst)$/.test(files[0].name) === false ? await lineOf(files[0], problem.line) : undefined;
    parts.push(element("p", place));
    if (line !== undefined) parts.push(element("pre", line.slice(0, 400)));
  }
  parts.push(...readers(problem.used_by));
  return parts;
}

function result(dataset) {
  const types = element("ul");
  types.className = "types";
  for (const column of dataset.columns) types.append(element("li", `${column.name} `, element("small", column.type)));
  const made = element("section", "", element("h3", "", link(`/explore/${dataset.name}`, dataset.name)));
  const rows = dataset.row_count.toLocaleString("en");
  const count = (number, noun) => `${number} ${noun}${number === "1" ? "" : "s"}`;
  made.append(element("p", `${count(rows, "row")}, ${count(`${dataset.columns.length}`, "column")}`), types);
  const changes = (dataset.changes ?? []).map(
    ({ column, what, from, to }) => `${column}: ${what}${from === null ? "" : ` from ${from}`}${to === null ? "" : ` to ${to}`}`,
  );
  const lines = [...changes, ...(dataset.hints ?? [])];
  if (lines.length) {
    const list = element("ul");
    list.className = "hints";
    list.append(...lines.map((line) => element("li", line)));
    made.append(list);
  }
  made.append(...readers(dataset.used_by));
  return made;
}

async function upload(form, files, isDry) {
  const [status, alert, bar] = ["[role=status]", "[role=alert]", "progress"].map((part) => form.querySelector(part));
  const name = form.querySelector("#name")?.value.trim();
  status.replaceChildren();
  alert.replaceChildren();
  bar.hidden = false;
  bar.value = 0;
  const tell = (sent, all) => {
    const share = Math.floor((100 * sent) / Math.max(all, 1));
    bar.value = share;
    status.textContent = sent < all ? `Sending ${share} %` : "Being kept …";
  };
  try {
    const replaced = form.dataset.replaces;
    let answer;
    if (replaced || (name && files.length === 1)) {
      const path = replaced ? `/datasets/${replaced}${isDry ? "?dry_run=true" : ""}` : `/datasets?name=${encodeURIComponent(name)}`;
      answer = await send(replaced ? "PUT" : "POST", path, files[0], "text/csv", tell);
    } else {
      const body = new FormData();
      for (const file of files) body.append("file", file);
      answer = await send("POST", "/datasets", body, null, tell);
    }
    status.replaceChildren();
    if (answer.status >= 300) {
      alert.replaceChildren(...(await refusal(answer, files)));
      return;
    }
    const made = JSON.parse(answer.text);
    const datasets = made.data ?? [made];
    status.replaceChildren(element("p", isDry ? "What would be made" : replaced ? "Replaced" : "Uploaded"), ...datasets.map(result));
    if (isDry) return;
    form.reset();
    preview(form);
  } catch (error) {
    status.replaceChildren();
    alert.replaceChildren(element("p", error.message));
  } finally {
    bar.hidden = true;
  }
}

// The names in the first line of a text. They are only shown and compared, so the server may read the file otherwise.
function namesIn(text) {
  const line = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/)[0];
  const count = (mark) => line.split(mark).length;
  const mark = [",", ";", "\t", "|"].reduce((best, next) => (count(next) > count(best) ? next : best));
  const fields = line.match(new RegExp(`(?:"(?:[^"]|"")*"|[^${mark}])+`, "g")) ?? [];
  return fields.map((field) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field));
}

// Shows how a file begins, and which columns a dataset would lose or gain by it, before anything is sent.
async function preview(form, file) {
  const place = form.querySelector(".preview");
  place.replaceChildren();
  place.hidden = !file || /\.(gz|zst)$/i.test(file.name);
  if (place.hidden) return;
  const text = await file.slice(0, 65536).text();
  const lines = text.split(/\r\n|\n|\r/).slice(0, 4).map((line) => line.slice(0, 200));
  place.append(element("p", `${file.name} begins so:`), element("pre", lines.join("\n")));
  const kept = [...document.querySelectorAll("#columns span")].map((one) => one.textContent);
  if (!form.dataset.replaces) return;
  const names = namesIn(text);
  const tell = (words, list) => list.length && place.append(element("p", `${words}: ${list.join(", ")}`));
  tell("New columns", names.filter((name) => !kept.includes(name)));
  tell("Columns that the file lacks", kept.filter((name) => !names.includes(name)));
}

export function enhance(root) {
  const form = root.querySelector("#upload");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  input.addEventListener("change", () => preview(form, input.files[0]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    upload(form, [...input.files], event.submitter?.hasAttribute("formaction"));
  });
}

const form = () => document.querySelector("#upload");
const hasFiles = (event) => form() && event.dataTransfer?.types.includes("Files");

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form().classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form()?.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form().classList.remove("over");
  upload(form(), [...event.dataTransfer.files]);
});
