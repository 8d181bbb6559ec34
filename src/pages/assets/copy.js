// Buttons that copy the code beside them.

export function enhance(root) {
  for (const button of root.querySelectorAll("button.copy")) {
    const name = button.textContent;
    button.addEventListener("click", async () => {
      const code = button.parentElement.querySelector("code");
      button.textContent = (await copied(code)) ? "Copied" : "Selected: press Ctrl+C";
      setTimeout(() => (button.textContent = name), 2000);
    });
  }
}

// The clipboard is there on localhost and under TLS only. Elsewhere the code is selected.
async function copied(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return false;
  }
}
