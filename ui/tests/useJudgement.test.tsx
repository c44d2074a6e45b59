import { act, renderHook, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";

import { useJudgement } from "../src/review/useJudgement";
import { error, json, PREDICTION, stubFetch, stubHeldFetch } from "./answers";

afterEach(() => {
  vi.useRealTimers();
});

const ignore = () => undefined;

it("goes from idle over pending to resolved", async () => {
  stubFetch(() => json(PREDICTION));
  const { result } = renderHook(() => useJudgement(ignore));
  expect(result.current.state.status).toBe("idle");
  act(() => {
    result.current.submit("fine");
  });
  expect(result.current.state).toEqual({ status: "pending", review: "fine" });
  await waitFor(() => {
    expect(result.current.state).toMatchObject({
      status: "resolved",
      review: "fine",
      answer: { prediction: PREDICTION },
    });
  });
});

it("goes to rejected with the failure, and back by another submit", async () => {
  stubFetch(
    () => error(503, "not_ready"),
    () => json(PREDICTION),
  );
  const { result } = renderHook(() => useJudgement(ignore));
  act(() => {
    result.current.submit("fine");
  });
  await waitFor(() => {
    expect(result.current.state).toMatchObject({
      status: "rejected",
      review: "fine",
      failure: { status: 503, code: "not_ready" },
    });
  });
  act(() => {
    result.current.submit("fine");
  });
  await waitFor(() => {
    expect(result.current.state.status).toBe("resolved");
  });
});

it.each([
  ["no worker is ready", () => error(503, "not_ready", { "Retry-After": "1" })],
  ["the model server is away", () => error(502, "upstream_failed", { "Retry-After": "1" })],
  ["the gateway is away", () => Promise.reject(new TypeError("failed to fetch"))],
])("asks again by itself while %s, and says so", async (_, fail) => {
  vi.useFakeTimers();
  const down = { now: true };
  const fetchStub = stubFetch(() => (down.now ? fail() : json(PREDICTION)));
  const { result } = renderHook(() => useJudgement(ignore));
  act(() => {
    result.current.submit("fine");
  });
  await act(() => vi.advanceTimersByTimeAsync(0));
  expect(result.current.state).toMatchObject({
    status: "pending",
    trouble: { name: "RequestFailure" },
  });
  await act(() => vi.advanceTimersByTimeAsync(10_000));
  const tries = fetchStub.mock.calls.length;
  expect(tries).toBeGreaterThan(4);
  expect(tries).toBeLessThan(30);
  down.now = false;
  await act(() => vi.advanceTimersByTimeAsync(2_000));
  expect(result.current.state.status).toBe("resolved");
});

it("asks again for two minutes at most, and then leaves it to the reader", async () => {
  vi.useFakeTimers();
  const fetchStub = stubFetch(() => error(503, "not_ready", { "Retry-After": "1" }));
  const { result } = renderHook(() => useJudgement(ignore));
  act(() => {
    result.current.submit("fine");
  });
  await act(() => vi.advanceTimersByTimeAsync(121_000));
  expect(result.current.state).toMatchObject({ status: "rejected", failure: { status: 503 } });
  const tries = fetchStub.mock.calls.length;
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(fetchStub).toHaveBeenCalledTimes(tries);
});

it("asks no more once it is cancelled", async () => {
  vi.useFakeTimers();
  const fetchStub = stubFetch(() => error(503, "not_ready", { "Retry-After": "1" }));
  const { result } = renderHook(() => useJudgement(ignore));
  act(() => {
    result.current.submit("fine");
  });
  await act(() => vi.advanceTimersByTimeAsync(0));
  act(() => {
    result.current.cancel();
  });
  await act(() => vi.advanceTimersByTimeAsync(10_000));
  expect(result.current.state).toEqual({ status: "cancelled", review: "fine" });
  expect(fetchStub).toHaveBeenCalledTimes(1);
});

it("aborts a superseded request and stays with the newer one", async () => {
  const held = stubHeldFetch();
  const { result } = renderHook(() => useJudgement(ignore));
  act(() => {
    result.current.submit("first");
  });
  act(() => {
    result.current.submit("second");
  });
  expect(held.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  await act(() => new Promise((done) => setTimeout(done, 0)));
  expect(result.current.state).toEqual({ status: "pending", review: "second" });
});

it("ignores a superseded answer that arrives after all", async () => {
  const answers: ((response: Response) => void)[] = [];
  stubFetch(() => new Promise<Response>((resolve) => answers.push(resolve)));
  const { result } = renderHook(() => useJudgement(ignore));
  for (const review of ["first", "second"]) {
    act(() => {
      result.current.submit(review);
    });
  }
  for (const [index, tokens] of [
    [1, 2],
    [0, 1],
  ] as const) {
    await act(async () => {
      answers[index]?.(json({ ...PREDICTION, tokens }));
      await new Promise((done) => setTimeout(done, 0));
    });
  }
  expect(result.current.state).toMatchObject({
    review: "second",
    answer: { prediction: { tokens: 2 } },
  });
});

it("aborts the request when the page goes away", () => {
  const held = stubHeldFetch();
  const { result, unmount } = renderHook(() => useJudgement(ignore));
  act(() => {
    result.current.submit("fine");
  });
  unmount();
  expect(held[0]?.signal.aborted).toBe(true);
});

it("cancels what is under way, and nothing else", async () => {
  const held = stubHeldFetch();
  const { result } = renderHook(() => useJudgement(ignore));
  act(() => {
    result.current.cancel();
  });
  expect(result.current.state.status).toBe("idle");
  act(() => {
    result.current.submit("fine");
  });
  act(() => {
    result.current.cancel();
  });
  await act(() => new Promise((done) => setTimeout(done, 0)));
  expect(held[0]?.signal.aborted).toBe(true);
  expect(result.current.state).toEqual({ status: "cancelled", review: "fine" });
});

it("tells of every answer once", async () => {
  const told = vi.fn();
  stubFetch(() => json(PREDICTION));
  const { result } = renderHook(() => useJudgement(told));
  act(() => {
    result.current.submit("fine");
  });
  await waitFor(() => {
    expect(told).toHaveBeenCalledTimes(1);
  });
  expect(told.mock.calls[0]).toMatchObject(["fine", { prediction: PREDICTION }]);
});
