import { act, renderHook, waitFor } from "@testing-library/react";
import { expect, it } from "vitest";

import { usePrediction } from "../src/usePrediction";
import { error, json, PREDICTION, stubFetch, stubHeldFetch } from "./answers";

it("goes from idle over pending to resolved", async () => {
  stubFetch(() => json(PREDICTION));
  const { result } = renderHook(usePrediction);
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
  const { result } = renderHook(usePrediction);
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

it("aborts a superseded request and stays with the newer one", async () => {
  const held = stubHeldFetch();
  const { result } = renderHook(usePrediction);
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
  const { result } = renderHook(usePrediction);
  for (const review of ["first", "second"]) {
    act(() => {
      result.current.submit(review);
    });
  }
  for (const [index, tokens] of [[1, 2], [0, 1]] as const) {
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
  const { result, unmount } = renderHook(usePrediction);
  act(() => {
    result.current.submit("fine");
  });
  unmount();
  expect(held[0]?.signal.aborted).toBe(true);
});
