import { useEffect, useRef, useState } from "react";

import { ColumnChooser } from "./ColumnChooser";
import { guessLayout, type Layout } from "./columns";
import { formatCount } from "../shared/wording";
import { MAX_ROWS, UnreadableFile } from "./decode";
import { parse, type Parsed } from "./parse";
import { Results } from "./Results";
import { SourcePicker } from "./SourcePicker";
import { ManyRun } from "./store";
import type { Format } from "./table";

interface Source {
  readonly name: string;
  readonly content: File | string;
}

type Stage =
  | { readonly at: "start"; readonly problem: string | null }
  | { readonly at: "reading"; readonly source: Source }
  | {
      readonly at: "choosing";
      readonly source: Source;
      readonly parsed: Parsed;
      readonly layout: Layout;
    }
  | { readonly at: "results"; readonly source: Source; readonly run: ManyRun };

interface ManyReviewsProps {
  /** Shows one of the reviews by itself, with its reasons. */
  readonly onOpen: (review: string) => void;
}

const START: Stage = { at: "start", problem: null };

/** Many reviews: from a file or a list, over the choice of the column, to a table of verdicts. */
export default function ManyReviews({ onOpen }: ManyReviewsProps) {
  const [stage, setStage] = useState<Stage>(START);
  const reading = useRef<AbortController | null>(null);
  const current = useRef<ManyRun | null>(null);

  useEffect(
    () => () => {
      reading.current?.abort();
      current.current?.cancel();
    },
    [],
  );

  const read = (source: Source, format: Format | null) => {
    reading.current?.abort();
    const controller = new AbortController();
    reading.current = controller;
    setStage({ at: "reading", source });
    parse({ source: source.content, format }, controller.signal).then(
      (parsed) => {
        setStage({ at: "choosing", source, parsed, layout: guessLayout(parsed.rows) });
      },
      (error: unknown) => {
        const known = error instanceof UnreadableFile ? error.message : "It could not be read.";
        setStage({ at: "start", problem: `${source.name}: ${known}` });
      },
    );
  };
  const start = (source: Source, parsed: Parsed, layout: Layout) => {
    const run = new ManyRun(parsed.rows, layout);
    current.current = run;
    setStage({ at: "results", source, run });
    run.start();
  };
  const back = () => {
    reading.current?.abort();
    current.current?.cancel();
    setStage(START);
  };

  return (
    <div className="many">
      {stage.at === "start" && (
        <>
          <p className="soft">
            Up to {formatCount(MAX_ROWS)} reviews at once. They are read and kept in this tab only;
            the service gets the column with the reviews, piece by piece, and stores nothing of it.
          </p>
          {stage.problem !== null && (
            <div className="problem">
              <p role="alert">
                <strong>This cannot be judged.</strong> {stage.problem}
              </p>
            </div>
          )}
          <SourcePicker
            onFile={(file) => {
              read({ name: file.name, content: file }, null);
            }}
            onText={(text) => {
              if (text.trim() === "") setStage({ at: "start", problem: "The list is empty." });
              else read({ name: "pasted list", content: text }, null);
            }}
          />
        </>
      )}
      {stage.at === "reading" && (
        <div className="waiting-head">
          <p role="status" className="waiting-title">
            <span className="spinner" aria-hidden="true" /> Reading {stage.source.name}…
          </p>
          <button type="button" onClick={back}>
            Cancel
          </button>
        </div>
      )}
      {stage.at === "choosing" && (
        <ColumnChooser
          name={stage.source.name}
          parsed={stage.parsed}
          layout={stage.layout}
          onLayout={(layout) => {
            setStage({ ...stage, layout });
          }}
          onFormat={(format) => {
            read(stage.source, format);
          }}
          onStart={() => {
            start(stage.source, stage.parsed, stage.layout);
          }}
          onBack={back}
        />
      )}
      {stage.at === "results" && (
        <Results run={stage.run} name={stage.source.name} onOpen={onOpen} onBack={back} />
      )}
    </div>
  );
}
