import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";

import { App } from "../src/App";
import { EXAMPLES } from "../src/examples";
import { CHARACTER_LIMIT } from "../src/shared/wording";
import {
  error,
  EXPLANATION,
  json,
  MODEL,
  PREDICTION,
  sentReview,
  stubHeldFetch,
  stubService,
} from "./answers";

const box = () => screen.getByLabelText<HTMLTextAreaElement>("Your review");
const send = () => screen.getByRole("button", { name: "Get the verdict" });
const write = (review: string) => fireEvent.change(box(), { target: { value: review } });
const verdict = (word: string) => screen.findByText(word, { selector: ".verdict-word" });
const spoken = () => screen.getByTestId("spoken").textContent;
const button = (name: string | RegExp) => screen.getByRole("button", { name });

afterEach(() => {
  vi.useRealTimers();
});

it("shows the verdict with every label in the order it came", async () => {
  stubService([() => json(PREDICTION)]);
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  expect(await verdict("Ripe")).toBeDefined();
  const bars = within(screen.getByRole("list", { name: "Probability of each label" }));
  expect(bars.getAllByRole("listitem").map((bar) => bar.textContent)).toEqual([
    "unripe5.0%",
    "ripe93.0%",
    "rotten2.0%",
  ]);
  expect(spoken()).toBe("Verdict: Ripe. Very sure, 93.0%.");
});

it.each(["{Control>}{Enter}{/Control}", "{Meta>}{Enter}{/Meta}"])("sends by %s", async (keys) => {
  const fetchStub = stubService([() => json(PREDICTION)]);
  render(<App />);
  await userEvent.type(box(), `Juicy.${keys}`);
  expect(await verdict("Ripe")).toBeDefined();
  expect(sentReview(fetchStub, 0)).toBe("Juicy.");
});

it("asks for a review when there is none, and says so at the text area", async () => {
  const fetchStub = stubService([() => json(PREDICTION)]);
  render(<App />);
  await userEvent.click(send());
  const alert = screen.getByRole("alert");
  expect(alert.textContent).toContain("There is no review yet.");
  expect(box().getAttribute("aria-describedby")).toContain(alert.id);
  expect(box().getAttribute("aria-invalid")).toBe("true");
  expect(document.activeElement).toBe(box());
  expect(fetchStub).not.toHaveBeenCalled();
  write("J");
  expect(screen.queryByRole("alert")).toBeNull();
});

it("keeps a review that is too long, counts the excess and does not send it", async () => {
  const fetchStub = stubService([() => json(PREDICTION)]);
  render(<App />);
  write("x".repeat(CHARACTER_LIMIT + 1234));
  expect(screen.getByText(/51,234 of 50,000 characters, 1,234 too many/)).toBeDefined();
  expect(screen.getByRole("alert").textContent).toContain("too long");
  await userEvent.click(send());
  expect(fetchStub).not.toHaveBeenCalled();
  expect(box().value).toHaveLength(CHARACTER_LIMIT + 1234);
});

it("offers another try after a failure, and keeps the focus in the form", async () => {
  stubService([
    () => error(502, "upstream_failed"), // for the explanation
    () => error(502, "upstream_failed"), // for the verdict alone
    () => json(PREDICTION),
  ]);
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  await screen.findByRole("alert");
  expect(box().getAttribute("aria-invalid")).toBe("false");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await verdict("Ripe")).toBeDefined();
  expect(screen.queryByRole("alert")).toBeNull();
  expect(document.activeElement).toBe(send());
});

it("waits as long as the service asks before it offers another try", async () => {
  vi.useFakeTimers();
  const fetchStub = stubService([() => error(429, "queue_full", { "Retry-After": "2" })]);
  render(<App />);
  write("Juicy.");
  fireEvent.click(send());
  await act(() => vi.advanceTimersByTimeAsync(0));
  const waiting = screen.getByRole("button", { name: "Try again in 2 s" });
  fireEvent.click(waiting);
  expect(fetchStub).toHaveBeenCalledTimes(2); // the explanation, then the verdict alone
  await act(() => vi.advanceTimersByTimeAsync(1000));
  await act(() => vi.advanceTimersByTimeAsync(1000));
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  await act(() => vi.advanceTimersByTimeAsync(0));
  expect(fetchStub).toHaveBeenCalledTimes(4);
});

it("does not send the same review twice at once, but a changed one supersedes", async () => {
  const requests = stubHeldFetch();
  const held = () => requests.filter(({ path }) => path === "/explain");
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  await userEvent.click(screen.getByRole("button", { name: "Reading…" }));
  expect(held()).toHaveLength(1);
  write("Juicy!");
  await userEvent.click(screen.getByRole("button", { name: "Reading…" }));
  expect(held().map(({ signal }) => signal.aborted)).toEqual([true, false]);
});

it("tells when a review was cut", async () => {
  stubService([() => json({ ...PREDICTION, tokens: 512, truncated: true })]);
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  expect(await screen.findByText(/It read 512 tokens/)).toBeDefined();
  expect(spoken()).toContain("512 tokens");
});

it("tells when the verdict is about an earlier wording", async () => {
  stubService([() => json(PREDICTION)]);
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  await verdict("Ripe");
  const note = /changed since this verdict/;
  expect(screen.queryByText(note)).toBeNull();
  write("Juicy?");
  expect(screen.getByText(note)).toBeDefined();
});

it.each(EXAMPLES)("reads the example $name on one press", async ({ name, text }) => {
  const fetchStub = stubService([() => json(PREDICTION)]);
  render(<App />);
  await userEvent.click(screen.getByRole("button", { name: new RegExp(`^${name}`) }));
  expect(await verdict("Ripe")).toBeDefined();
  expect(sentReview(fetchStub, 0)).toBe(text);
  expect(box().value).toBe(text);
});

const EXAMPLE_NAMES = EXAMPLES.map(({ name }) => new RegExp(`^${name}`));
const restore = () => screen.queryByRole("button", { name: "Bring back my review" });

it("gives back the reader's own review after an example replaced it", async () => {
  stubService([() => json(PREDICTION)]);
  render(<App />);
  write("My own words.");
  for (const name of EXAMPLE_NAMES.slice(0, 2)) await userEvent.click(button(name));
  await userEvent.click(button("Bring back my review"));
  expect(box().value).toBe("My own words.");
  expect(document.activeElement).toBe(box());
  expect(restore()).toBeNull();
});

it("loses nothing that was typed, whatever is brought back", async () => {
  stubService([() => json(PREDICTION)]);
  render(<App />);
  write("First of mine.");
  await userEvent.click(button(EXAMPLE_NAMES[0] ?? ""));
  write("Typed over the example.");
  await userEvent.click(button("Bring back my review"));
  expect(box().value).toBe("First of mine.");
  await userEvent.click(button("Bring back my review"));
  expect(box().value).toBe("Typed over the example.");
});

it("clears the box, and brings back what was in it", async () => {
  stubService([() => json(PREDICTION)]);
  render(<App />);
  write("My own words.");
  await userEvent.click(button("Clear"));
  expect(box().value).toBe("");
  expect(document.activeElement).toBe(box());
  expect(screen.queryByRole("button", { name: "Clear" })).toBeNull();
  await userEvent.click(button("Bring back my review"));
  expect(box().value).toBe("My own words.");
});

it("keeps the draft when the page is loaded anew", async () => {
  stubService([]);
  const first = render(<App />);
  write("Half a thought");
  await waitFor(() => {
    expect(sessionStorage.getItem("review-verdict.draft")).toBe("Half a thought");
  });
  first.unmount();
  render(<App />);
  expect(box().value).toBe("Half a thought");
});

it("works without a storage, as in some private windows", () => {
  const refuse = () => {
    throw new DOMException("denied", "SecurityError");
  };
  vi.spyOn(Storage.prototype, "getItem").mockImplementation(refuse);
  vi.spyOn(Storage.prototype, "setItem").mockImplementation(refuse);
  stubService([]);
  render(<App />);
  write("Half a thought");
  expect(box().value).toBe("Half a thought");
});

it("says what the model is for, where the service tells", async () => {
  stubService([], { "/model": MODEL, "/readyz": { status: "ready" } });
  render(<App />);
  expect(await screen.findByText(/^Made for: English fruit reviews/)).toBeDefined();
  expect(screen.getByText(/is unripe or ripe/)).toBeDefined();
  expect(await screen.findByText("Model orchard 01234567: ready")).toBeDefined();
});

it("says nothing of a model that the service does not describe", async () => {
  stubService([]);
  render(<App />);
  expect(await screen.findByText("Model: not ready")).toBeDefined();
  expect(screen.queryByText(/^Made for/)).toBeNull();
});

it("cancels while waiting, and keeps the review", async () => {
  stubHeldFetch();
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  await userEvent.click(button("Cancel"));
  expect(spoken()).toBe("Cancelled.");
  expect(box().value).toBe("Juicy.");
  expect(document.activeElement).toBe(send());
});

it("says after five seconds that it takes longer than usual", async () => {
  vi.useFakeTimers();
  stubHeldFetch();
  render(<App />);
  write("Juicy.");
  fireEvent.click(send());
  expect(screen.queryByText(/longer than usual/)).toBeNull();
  for (let second = 0; second < 5; second += 1) await act(() => vi.advanceTimersByTimeAsync(1000));
  expect(screen.getByText(/longer than usual/).getAttribute("role")).toBe("status");
});

describe("the reasons", () => {
  const review = "Juicy. Too sour.";
  const explained = {
    ...PREDICTION,
    probabilities: { unripe: 0.07, ripe: 0.93 },
    ...EXPLANATION,
    words: [
      { start: 0, end: 5, contribution: 0.8 },
      { start: 11, end: 15, contribution: -0.7 },
    ],
    sentences: [
      { start: 0, end: 6, label: "ripe", confidence: 0.9, contribution: 0.8 },
      { start: 7, end: 16, label: "unripe", confidence: 0.8, contribution: -0.7 },
    ],
    read: [[0, 16]],
  };

  async function explain(body: object = explained) {
    stubService([() => json(body)]);
    render(<App />);
    write(review);
    await userEvent.click(send());
    await verdict("mixed" in body && body.mixed === true ? "Mixed" : "Ripe");
  }

  it("lists the words by what they speak for", async () => {
    await explain();
    const [ripe, unripe] = screen.getAllByRole("definition");
    expect([ripe?.textContent, unripe?.textContent]).toEqual(["Juicy", "sour"]);
  });

  it("marks the words in the review, which stays as it was sent", async () => {
    await explain();
    const marked = screen.getByRole("blockquote");
    expect(marked.textContent).toBe(review);
    expect(within(marked).getByText("Juicy").className).toContain("tone-high");
    expect(within(marked).getByText("sour").className).toContain("tone-low");
  });

  it("marks the sentence that is picked, until it is unmarked", async () => {
    await explain();
    await userEvent.click(screen.getByRole("radio", { name: "Sentence 2: unripe, 80.0%" }));
    const marked = within(screen.getByRole("blockquote"));
    expect(marked.getByText("sour").className).toContain("picked");
    expect(marked.getByText("Juicy").className).not.toContain("picked");
    await userEvent.click(button("Unmark"));
    expect(marked.getByText("sour").className).not.toContain("picked");
  });

  it("names what was not read", async () => {
    await explain({ ...explained, read: [[0, 6]], words: explained.words.slice(0, 1) });
    expect(screen.getByText("not read").parentElement?.textContent).toContain("Too sour.");
  });

  it("calls a review mixed that contradicts itself", async () => {
    await explain({ ...explained, mixed: true });
    expect(spoken()).toMatch(/^Verdict: Mixed\..*Taken together: ripe, 93\.0%/);
  });

  it("offers to ask again where only the reasons failed", async () => {
    stubService([() => error(500, "internal"), () => json(PREDICTION), () => json(explained)]);
    render(<App />);
    write(review);
    await userEvent.click(send());
    await verdict("Ripe");
    await userEvent.click(button("Ask again"));
    expect(await screen.findByRole("blockquote")).toBeDefined();
  });
});

it("tells what a person would have said of an example", async () => {
  const labels = { negative: 0.9, positive: 0.1 };
  stubService([() => json({ ...PREDICTION, label: "negative", probabilities: labels })]);
  render(<App />);
  const of = (expected: string) =>
    button(new RegExp(`^${EXAMPLES.find((example) => example.expected === expected)?.name ?? ""}`));
  await userEvent.click(of("negative"));
  expect(await screen.findByText("A person would say: negative, too.")).toBeDefined();
  await userEvent.click(of("positive"));
  expect(await screen.findByText(/known weakness/)).toBeDefined();
});

it("copies the request as a command, or shows it where it may not", async () => {
  stubService([() => json(PREDICTION)]);
  render(<App />);
  write("It's juicy.");
  await userEvent.click(send());
  await verdict("Ripe");
  const user = userEvent.setup(); // puts a clipboard in place, which jsdom has not
  const copied = vi.spyOn(navigator.clipboard, "writeText");
  await user.click(button("Copy as curl"));
  expect(copied.mock.calls[0]?.[0]).toContain(`-d '{"review":"It'\\''s juicy."}'`);
  copied.mockRejectedValue(new Error("denied"));
  await user.click(button("Copy as curl"));
  expect((await screen.findByLabelText<HTMLTextAreaElement>("To copy by hand")).value).toContain(
    "curl",
  );
});

it("shows where the time went, so that it adds up", async () => {
  const headers = { "Server-Timing": "think;dur=2" };
  stubService([() => json(PREDICTION, { headers })]);
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  await verdict("Ripe");
  const terms = screen.getAllByRole("term").map((term) => term.textContent);
  expect(terms).toEqual(["tokens read", "think", "waiting and network", "in all"]);
});
