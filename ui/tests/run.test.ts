import { describe, expect, it, vi } from "vitest";

import { RequestFailure } from "../src/api/failure";
import type { Outcome } from "../src/api/predictMany";
import { layoutOf } from "../src/many/columns";
import { csvParts } from "../src/many/download";
import { nextPiece } from "../src/many/pieces";
import { type Phase, run } from "../src/many/run";
import { ManyRun } from "../src/many/store";
import { arrange, FAILED, tally, UNSURE, WAITING, WHOLE_TABLE } from "../src/many/view";
import { PREDICTION } from "./answers";

const scored = (review: string): Outcome => ({
  prediction: { ...PREDICTION, tokens: review.length },
});
const failing = (status: number, retryAfter: number | null = null) =>
  new RequestFailure(status, "refused", "told", retryAfter);

type Send = (reviews: readonly string[], signal: AbortSignal) => Promise<Outcome[]>;

async function runOver(reviews: readonly string[], send: Send, stop = new AbortController()) {
  const outcomes = new Map<number, Outcome>();
  const phases: Phase[] = [];
  const waits: number[] = [];
  await run(
    [...reviews.keys()],
    (place) => reviews[place] ?? "",
    {
      send,
      onOutcomes: (places, came) => {
        for (const [index, place] of places.entries())
          outcomes.set(place, came[index] ?? scored(""));
      },
      onProgress: ({ phase }) => phases.push(phase),
      wait: (seconds) => {
        waits.push(seconds);
        return Promise.resolve();
      },
    },
    stop.signal,
  );
  return { outcomes, phases, waits };
}

describe("nextPiece", () => {
  it("stays under the service's limits", () => {
    const places = [...Array(500).keys()];
    expect(nextPiece(places, () => "short").length).toBeLessThanOrEqual(128);
    const long = nextPiece(places, () => "x".repeat(50_000));
    expect(long.length).toBeLessThanOrEqual(6);
    expect(nextPiece(places, () => "x".repeat(400_000))).toEqual([0]);
  });
});

describe("run", () => {
  it("gives every review its own outcome, in several requests", async () => {
    const reviews = Array.from({ length: 150 }, (_, index) => "x".repeat(index + 1));
    const send = vi.fn<Send>((sent) => Promise.resolve(sent.map(scored)));
    const { outcomes, phases } = await runOver(reviews, send);
    expect(outcomes.size).toBe(150);
    expect(outcomes.get(99)).toEqual(scored("x".repeat(100)));
    expect(send).toHaveBeenCalledTimes(3);
    expect(phases).toEqual(["running", "done"]);
  });

  it.each([429, 503])("waits as long as the service asks after %i, and goes on", async (status) => {
    const send = vi.fn<Send>().mockRejectedValueOnce(failing(status, 7));
    send.mockImplementation((sent) => Promise.resolve(sent.map(scored)));
    const { outcomes, phases, waits } = await runOver(["a", "b"], send);
    expect(waits).toEqual([7]);
    expect(outcomes.size).toBe(2);
    expect(phases).toEqual(["running", "waiting", "running", "done"]);
  });

  it("pauses where waiting does not help", async () => {
    const { phases, waits } = await runOver(["a"], () => Promise.reject(failing(429)));
    expect(waits.length).toBeLessThan(20);
    expect(phases.at(-1)).toBe("paused");
  });

  it("pauses at a failure, and keeps what came before", async () => {
    const send = vi.fn<Send>().mockImplementationOnce((sent) => Promise.resolve(sent.map(scored)));
    send.mockRejectedValue(failing(502));
    const { outcomes, phases } = await runOver(Array<string>(100).fill("a"), send);
    expect(outcomes.size).toBe(64);
    expect(phases.at(-1)).toBe("paused");
  });

  it("finds the review that spoils a request, and judges the others", async () => {
    const send: Send = (sent) =>
      sent.includes("bad") ? Promise.reject(failing(400)) : Promise.resolve(sent.map(scored));
    const { outcomes } = await runOver(["a", "b", "bad", "c", "d"], send);
    expect([...outcomes].filter(([, one]) => "error" in one).map(([place]) => place)).toEqual([2]);
    expect(outcomes.size).toBe(5);
  });

  it("stops when it is cancelled", async () => {
    const stop = new AbortController();
    const send: Send = () => {
      stop.abort();
      return Promise.reject(failing(0));
    };
    const { phases } = await runOver(["a"], send, stop);
    expect(phases.at(-1)).toBe("cancelled");
  });
});

const row = (...cells: string[]) => ({ cells, problem: null });
const TABLE = [
  row("id", "review"),
  row("1", "Juicy."),
  row("2", "  "),
  row("3"),
  row("4", "x".repeat(50_001)),
  { cells: ["5"], problem: "A quote opens in this row and never closes." },
  row("6", "Sour."),
];

describe("ManyRun", () => {
  it("sends only rows that can be judged, and says of the others why not", async () => {
    const send = vi.fn<Send>((sent) => Promise.resolve(sent.map(scored)));
    const many = new ManyRun(TABLE, layoutOf(TABLE, true, 1), send);
    many.start();
    await vi.waitFor(() => {
      expect(many.getSnapshot().progress.phase).toBe("done");
    });
    expect(send.mock.calls.map(([sent]) => sent)).toEqual([["Juicy.", "Sour."]]);
    const codes = many
      .getSnapshot()
      .outcomes.map((one) => (one && "error" in one ? one.error.code : null));
    expect(codes).toEqual([
      null,
      "empty_review",
      "short_row",
      "review_too_long",
      "unreadable_row",
      null,
    ]);
  });

  it("goes on after a failure with what has no outcome", async () => {
    const send = vi.fn<Send>().mockRejectedValueOnce(failing(0));
    send.mockImplementation((sent) => Promise.resolve(sent.map(scored)));
    const many = new ManyRun(TABLE, layoutOf(TABLE, true, 1), send);
    many.start();
    await vi.waitFor(() => {
      expect(many.getSnapshot().progress.phase).toBe("paused");
    });
    many.start();
    await vi.waitFor(() => {
      expect(many.getSnapshot()).toMatchObject({ done: 6, progress: { phase: "done" } });
    });
  });
});

describe("csvParts", () => {
  const layout = layoutOf([row("id", "review")], true, 1);
  const csv = async (rows: readonly ReturnType<typeof row>[], outcomes: (Outcome | undefined)[]) =>
    (await csvParts(rows, outcomes, layout, ["unripe", "ripe"])).join("");

  it("keeps all columns and adds the verdict's", async () => {
    const text = await csv([row("1", "Juicy, sweet")], [scored("abc")]);
    expect(text).toBe(
      "\uFEFFid,review,label,confidence,certain,tokens,truncated,error," +
        "probability of unripe,probability of ripe\r\n" +
        '1,"Juicy, sweet",ripe,0.9300,true,3,false,,0.0500,0.9300\r\n',
    );
  });

  it.each(["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "＝1"])(
    "keeps a spreadsheet from taking %o for a formula",
    async (cell) => {
      expect(await csv([row("1", cell)], [undefined])).toContain(`'${cell}`);
    },
  );

  it.each(["-5", "+1.5", "a=b"])("leaves %o as it is", async (cell) => {
    expect(await csv([row("1", cell)], [undefined])).toContain(`1,${cell},`);
  });

  it("says of every row without a verdict why", async () => {
    const error = { error: { code: "empty_review", message: "There is no text." } };
    const text = await csv([row("1", ""), row("2", "a")], [error, undefined]);
    expect(text).toContain("There is no text.");
    expect(text).toContain("not scored");
  });
});

describe("view", () => {
  const outcome = (label: string, confidence: number, certain = true): Outcome => ({
    prediction: {
      ...PREDICTION,
      label,
      confidence,
      certain,
      probabilities: { unripe: 1 - confidence, ripe: confidence },
    },
  });
  const outcomes = [
    outcome("ripe", 0.9),
    undefined,
    outcome("unripe", 0.6, false),
    { error: { code: "empty_review", message: "" } },
  ];
  const reviews = ["Juicy", "Later", "Sour", ""];
  const shown = (change: object) =>
    arrange(outcomes, (place) => reviews[place] ?? "", { ...WHOLE_TABLE, ...change });

  it.each([
    [{}, [0, 1, 2, 3]],
    [{ descending: true }, [3, 2, 1, 0]],
    [{ show: "ripe" }, [0]],
    [{ show: UNSURE }, [2]],
    [{ show: FAILED }, [3]],
    [{ show: WAITING }, [1]],
    [{ search: " jui " }, [0]],
    [{ sortBy: "review" }, [3, 0, 1, 2]],
    [{ sortBy: "confidence", show: "ripe" }, [0]],
    [{ sortBy: "confidence", descending: true, search: "u" }, [0, 2]],
    [{ sortBy: "verdict", descending: true, search: "u" }, [2, 0]],
  ])("shows by %o the rows %o", (change, places) => {
    expect(shown(change)).toEqual(places);
  });

  it("counts what came", () => {
    expect(tally(outcomes)).toMatchObject({
      labels: ["unripe", "ripe"],
      byLabel: { unripe: 1, ripe: 1 },
      unsure: 1,
      failed: 1,
      waiting: 1,
    });
  });
});
