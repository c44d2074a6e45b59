import { act, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";

import { App } from "../src/App";
import { EXAMPLES } from "../src/examples";
import { CHARACTER_LIMIT } from "../src/wording";
import { error, json, PREDICTION, sentReview, stubFetch, stubHeldFetch } from "./answers";

const box = () => screen.getByLabelText<HTMLTextAreaElement>("Your review");
const send = () => screen.getByRole("button", { name: "Get the verdict" });
const write = (review: string) => fireEvent.change(box(), { target: { value: review } });
const verdict = (label: string) => screen.findByText(label, { selector: ".verdict-label" });

afterEach(() => {
  vi.useRealTimers();
});

it("shows the verdict with every label in the order it came", async () => {
  stubFetch(() => json(PREDICTION));
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  expect(await verdict("ripe")).toBeDefined();
  const bars = within(screen.getByRole("list", { name: "Probability of each label" }));
  expect(bars.getAllByRole("listitem").map((bar) => bar.textContent)).toEqual([
    "unripe5.0%",
    "ripe93.0%",
    "rotten2.0%",
  ]);
  expect(screen.getByRole("status").textContent).toBe("Verdict: ripe. Very sure, 93.0%.");
});

it.each(["{Control>}{Enter}{/Control}", "{Meta>}{Enter}{/Meta}"])("sends by %s", async (keys) => {
  const fetchStub = stubFetch(() => json(PREDICTION));
  render(<App />);
  await userEvent.type(box(), `Juicy.${keys}`);
  expect(await verdict("ripe")).toBeDefined();
  expect(sentReview(fetchStub, 0)).toBe("Juicy.");
});

it("asks for a review when there is none, and says so at the text area", async () => {
  const fetchStub = stubFetch(() => json(PREDICTION));
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
  const fetchStub = stubFetch(() => json(PREDICTION));
  render(<App />);
  write("x".repeat(CHARACTER_LIMIT + 1234));
  expect(screen.getByText(/51,234 of 50,000 characters, 1,234 too many/)).toBeDefined();
  expect(screen.getByRole("alert").textContent).toContain("too long");
  await userEvent.click(send());
  expect(fetchStub).not.toHaveBeenCalled();
  expect(box().value).toHaveLength(CHARACTER_LIMIT + 1234);
});

it("offers another try after a failure, and keeps the focus in the form", async () => {
  stubFetch(
    () => error(502, "upstream_failed"),
    () => json(PREDICTION),
  );
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  await screen.findByRole("alert");
  expect(box().getAttribute("aria-invalid")).toBe("false");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await verdict("ripe")).toBeDefined();
  expect(screen.queryByRole("alert")).toBeNull();
  expect(document.activeElement).toBe(send());
});

it("waits as long as the service asks before it offers another try", async () => {
  vi.useFakeTimers();
  const fetchStub = stubFetch(() => error(429, "queue_full", { "Retry-After": "2" }));
  render(<App />);
  write("Juicy.");
  fireEvent.click(send());
  await act(() => vi.advanceTimersByTimeAsync(0));
  const waiting = screen.getByRole("button", { name: "Try again in 2 s" });
  fireEvent.click(waiting);
  expect(fetchStub).toHaveBeenCalledTimes(1);
  await act(() => vi.advanceTimersByTimeAsync(1000));
  await act(() => vi.advanceTimersByTimeAsync(1000));
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(fetchStub).toHaveBeenCalledTimes(2);
});

it("does not send the same review twice at once, but a changed one supersedes", async () => {
  const held = stubHeldFetch();
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  await userEvent.click(screen.getByRole("button", { name: "Reading…" }));
  expect(held).toHaveLength(1);
  write("Juicy!");
  await userEvent.click(screen.getByRole("button", { name: "Reading…" }));
  expect(held.map(({ signal }) => signal.aborted)).toEqual([true, false]);
});

it("tells when a review was cut", async () => {
  stubFetch(() => json({ ...PREDICTION, tokens: 512, truncated: true }));
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  expect((await screen.findByRole("note")).textContent).toContain("512 tokens");
  expect(screen.getByRole("status").textContent).toContain("512 tokens");
});

it("tells when the verdict is about an earlier wording", async () => {
  stubFetch(() => json(PREDICTION));
  render(<App />);
  write("Juicy.");
  await userEvent.click(send());
  await verdict("ripe");
  const note = /changed since this verdict/;
  expect(screen.queryByText(note)).toBeNull();
  write("Juicy?");
  expect(screen.getByText(note)).toBeDefined();
});

it.each(EXAMPLES)("reads the example $name on one press", async ({ name, text }) => {
  const fetchStub = stubFetch(() => json(PREDICTION));
  render(<App />);
  await userEvent.click(screen.getByRole("button", { name: new RegExp(`^${name}`) }));
  expect(await verdict("ripe")).toBeDefined();
  expect(sentReview(fetchStub, 0)).toBe(text);
  expect(box().value).toBe(text);
});

it("gives back the reader's own review after an example replaced it", async () => {
  stubFetch(() => json(PREDICTION));
  render(<App />);
  write("My own words.");
  for (const { name } of EXAMPLES.slice(0, 2)) {
    await userEvent.click(screen.getByRole("button", { name: new RegExp(`^${name}`) }));
  }
  await userEvent.click(screen.getByRole("button", { name: "Bring back my review" }));
  expect(box().value).toBe("My own words.");
  expect(document.activeElement).toBe(box());
  expect(screen.queryByRole("button", { name: "Bring back my review" })).toBeNull();
});
