// The key of a client, and how pages are loaded once it is typed in.
//
// The key is a variable of this module and nothing else: no cookie, no storage. A browser can't send it with a link, so from then on this
// module loads pages itself. The browser parses each page as a document without scripts, and its nodes are adopted.

let key = null;
let shown = () => {};

export const hasKey = () => key !== null;

// The headers that send the key.
export const headers = () => (key === null ? {} : { Authorization: `Bearer ${key}` });

// Calls back with what was replaced, each time a page was loaded.
export function whenShown(callback) {
  shown = callback;
}

function load(url, withKey) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.setRequestHeader("Accept", "text/html");
    request.setRequestHeader("Authorization", `Bearer ${withKey}`);
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error("The server can't be reached."));
    request.send();
  });
}

function show(loaded) {
  document.title = loaded.title;
  for (const part of ["main", ".band"]) {
    const [old, next] = [document.querySelector(part), loaded.querySelector(part)];
    if (next && old) old.replaceWith(document.importNode(next, true));
    else if (next) document.querySelector("main").before(document.importNode(next, true));
    else old?.remove();
  }
  const main = document.querySelector("main");
  shown(main);
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

// Shows a page, loaded with the key.
export async function go(url, isNew = true) {
  const request = await load(url, key);
  if (!request.response) {
    location.assign(url);
    return;
  }
  if (isNew) history.pushState(null, "", request.responseURL);
  show(request.response);
}

async function use(form) {
  const alert = form.querySelector("[role=alert]");
  const typed = form.querySelector("input").value.trim();
  alert.textContent = "";
  try {
    const request = await load(location.href, typed);
    if (request.status === 401) {
      alert.textContent = "The server doesn't know this key.";
      return;
    }
    key = typed;
    show(request.response);
  } catch (error) {
    alert.textContent = error.message;
  }
}

// A file is fetched with the key and then handed to the browser.
async function save(link) {
  const response = await fetch(link.href, { headers: headers() });
  const url = URL.createObjectURL(await response.blob());
  const copy = document.createElement("a");
  copy.href = url;
  copy.download = link.download;
  copy.click();
  URL.revokeObjectURL(url);
}

const isPage = (url) =>
  url.origin === location.origin && (url.pathname === "/" || url.pathname.startsWith("/explore"));

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  if (key === null || !link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const url = new URL(link.href);
  if (link.hasAttribute("download")) {
    event.preventDefault();
    save(link);
  } else if (isPage(url) && !(url.hash && url.pathname === location.pathname && url.search === location.search)) {
    event.preventDefault();
    go(url.href);
  }
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (form.matches("form.key")) {
    event.preventDefault();
    use(form);
  } else if (key !== null && form.method === "get") {
    event.preventDefault();
    const url = new URL(form.action);
    url.search = new URLSearchParams(new FormData(form)).toString();
    go(url.href);
  }
});

addEventListener("popstate", () => {
  if (key !== null) go(location.href, false);
});
