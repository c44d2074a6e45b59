// Lets each route be tried from the page: sends what stands in the form, shows what comes back.

for (const section of document.querySelectorAll("section[data-path]")) {
  const button = section.querySelector("button");
  const output = section.querySelector("output");
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    output.textContent = "Waiting for the answer …";
    output.textContent = await ask(section.dataset, section);
    button.disabled = false;
  });
}

/** Sends the request of one section; returns status, headers and body as one text. */
async function ask({ method, path }, section) {
  const body = section.querySelector("textarea")?.value;
  const receipt = section.querySelector("input")?.value ?? "";
  try {
    const response = await fetch(path.replace(/\{\w+\}/, encodeURIComponent(receipt)), {
      method,
      ...(body === undefined ? {} : { body, headers: { "Content-Type": "application/json" } }),
    });
    return describe(response, await response.text());
  } catch (error) {
    return `No answer: ${error.message}`;
  }
}

function describe(response, text) {
  const names = ["x-request-id", "x-model-version", "server-timing", "retry-after"];
  const headers = names
    .filter((name) => response.headers.has(name))
    .map((name) => `${name}: ${response.headers.get(name)}`);
  return [`${response.status} ${response.statusText}`, ...headers, "", pretty(text)].join("\n");
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
