// Moves the pin of the client whose key was typed in.

import { go, headers } from "./navigate.js";

async function move(wish) {
  const response = await fetch("/client", {
    method: "PATCH",
    // Or the browser would ask for a password if the key is refused.
    credentials: "omit",
    headers: {
      ...headers(),
      Accept: "application/vnd.flash.v2+json",
      "Content-Type": "application/json",
      // A request that the network repeats moves the pin once.
      "Idempotency-Key": crypto.getRandomValues(new Uint32Array(4)).join("-"),
    },
    body: JSON.stringify(wish),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer.pin;
}

function tell(part, text) {
  const place = document.querySelector(`main .told [role=${part}]`);
  if (place) place.textContent = text;
}

export function enhance(root) {
  for (const button of root.querySelectorAll("button[data-move], button[data-undo]")) {
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        const { move: version } = button.dataset;
        const pin = await move(version ? { version } : { undo: true });
        await go(location.href, false);
        tell("status", `Your client is pinned to ${pin}.`);
      } catch (error) {
        button.disabled = false;
        tell("alert", error.message);
      }
    });
  }
}
