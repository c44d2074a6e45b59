import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { App } from "../src/App";
import { entryOf, loadEntries, storeEntries, withEntry } from "../src/history/entries";
import { error, json, MODEL, PREDICTION, stubService } from "./answers";

const ANSWER = {
  prediction: PREDICTION,
  explanation: null,
  explanationFailed: false,
  version: "0123",
  roundTripMilliseconds: 1,
  stages: [],
};
const button = (name: string | RegExp) => screen.getByRole("button", { name });
const FEEDBACK = { "/model": { ...MODEL, feedback: { retention_days: 30 } } };

afterEach(() => {
  window.location.hash = "";
});

async function ask(review: string) {
  const box = screen.getByLabelText("Your review");
  await userEvent.clear(box);
  await userEvent.type(box, review);
  await userEvent.click(button("Get the verdict"));
  await screen.findByText("Ripe", { selector: ".verdict-word" });
}

async function openHistory() {
  window.location.hash = "history";
  await screen.findByRole("heading", { name: "Your last verdicts" });
}

describe("entries", () => {
  it("keeps the latest in front, each review once, and not without end", () => {
    let entries = [entryOf("again", ANSWER)];
    for (let count = 0; count < 60; count += 1) {
      entries = withEntry(entries, entryOf(`number ${count}`, ANSWER));
    }
    entries = withEntry(entries, entryOf("number 58", ANSWER));
    expect(entries.slice(0, 2).map(({ review }) => review)).toEqual(["number 58", "number 59"]);
    expect(entries).toHaveLength(50);
    const long = entryOf("x".repeat(900_000), ANSWER);
    expect(withEntry([long, ...entries], entryOf("y".repeat(200_000), ANSWER))[0]?.review[0]).toBe(
      "y",
    );
  });

  it("is read as it was stored, and what is no entry is left out", () => {
    const entry = entryOf("Juicy.", ANSWER);
    storeEntries([entry]);
    expect(loadEntries()).toEqual([entry]);
    localStorage.setItem("review-verdict.history", '[{"id": 1}, 5]');
    expect(loadEntries()).toEqual([]);
    localStorage.setItem("review-verdict.history", "{broken");
    expect(loadEntries()).toEqual([]);
  });
});

it("lists verdicts, compares two, deletes one or all, and takes that back", async () => {
  stubService([() => json(PREDICTION)]);
  render(<App />);
  await ask("First.");
  await ask("Second.");
  await openHistory();
  expect(screen.getAllByRole("button", { name: /^Open again/ })).toHaveLength(2);
  for (const box of screen.getAllByRole("checkbox", { name: /^Compare/ }))
    await userEvent.click(box);
  const comparison = within(screen.getByRole("region", { name: "Comparison" }));
  expect(comparison.getAllByRole("blockquote").map((one) => one.textContent)).toEqual([
    "Second.",
    "First.",
  ]);
  await userEvent.click(button("Delete: First."));
  expect(screen.queryByText("First.")).toBeNull();
  await userEvent.click(button("Delete all"));
  expect(screen.getByText("No verdicts yet.")).toBeDefined();
  expect(localStorage.getItem("review-verdict.history")).toBeNull();
  await userEvent.click(button("Undo"));
  expect(screen.getAllByRole("button", { name: /^Open again/ })).toHaveLength(1);
});

it("keeps nothing once it is turned off", async () => {
  stubService([() => json(PREDICTION)]);
  render(<App />);
  await openHistory();
  await userEvent.click(screen.getByRole("checkbox", { name: "Keep my verdicts" }));
  window.location.hash = "one";
  await screen.findByRole("heading", { name: /why/ });
  await ask("First.");
  expect(loadEntries()).toEqual([]);
});

it("works where the browser keeps nothing", async () => {
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  vi.spyOn(Storage.prototype, "removeItem").mockImplementation(() => {
    throw new DOMException("denied", "SecurityError");
  });
  stubService([() => json(PREDICTION)]);
  render(<App />);
  await ask("First.");
  await openHistory();
  expect(screen.getByText(/ends with this tab/)).toBeDefined();
  expect(button("Open again: First.")).toBeDefined();
});

describe("a wrong verdict", () => {
  const report = vi.fn<(init: RequestInit | undefined) => Response>();

  async function openForm(offered: Record<string, unknown> = FEEDBACK) {
    stubService(
      [() => json({ ...PREDICTION, probabilities: { unripe: 0.07, ripe: 0.93 } })],
      offered,
    );
    const others = fetch;
    vi.stubGlobal("fetch", (path: string, init?: RequestInit) =>
      path.startsWith("/feedback") ? Promise.resolve(report(init)) : others(path, init),
    );
    report.mockReset();
    render(<App />);
    await ask("Juicy.");
  }

  it("is reported with consent only, and the receipt deletes the report", async () => {
    await openForm();
    report.mockImplementation(() => json({ receipt: "r-1", retention_days: 30 }, { status: 201 }));
    await userEvent.click(button("This is wrong"));
    await userEvent.click(button("Send the report"));
    expect(screen.getByRole("alert").textContent).toContain("consent");
    expect(report).not.toHaveBeenCalled();
    await userEvent.click(screen.getByRole("checkbox", { name: /for 30 days/ }));
    await userEvent.click(button("Send the report"));
    expect(await screen.findByText("r-1")).toBeDefined();
    const body = report.mock.calls[0]?.[0]?.body;
    expect(JSON.parse(typeof body === "string" ? body : "")).toEqual({
      review: "Juicy.",
      given: "ripe",
      right: "unripe",
      model_version: MODEL.version,
      consent: true,
    });
    report.mockImplementation(() => new Response(null, { status: 204 }));
    await userEvent.click(button("Delete my report"));
    expect(await screen.findByText("Your report is deleted.")).toBeDefined();
  });

  it.each([
    [404, "does not take reports"],
    [507, "told: refused"],
  ])("says when a report fails with %i that nothing was kept", async (status, words) => {
    await openForm();
    report.mockImplementation(() => error(status, "refused"));
    await userEvent.click(button("This is wrong"));
    await userEvent.click(screen.getByRole("checkbox", { name: /I agree/ }));
    await userEvent.click(button("Send the report"));
    expect((await screen.findByRole("alert")).textContent).toContain(words);
  });

  it("cannot be reported where no store is set, and the page says that nothing is kept", async () => {
    await openForm({ "/model": MODEL });
    expect(screen.queryByRole("button", { name: "This is wrong" })).toBeNull();
    expect(screen.getByRole("contentinfo").textContent).toContain("are not kept there.");
  });
});
