import { useEffect, useRef, useState } from "react";

import { Examples } from "./components/Examples";
import { ProblemNotice } from "./components/ProblemNotice";
import { ReviewForm } from "./components/ReviewForm";
import { Screen } from "./components/Screen";
import { EXAMPLES } from "./examples";
import { EMPTY, explainFailure, findProblem, type Problem, TOO_LONG } from "./problem";
import { type PredictionState, usePrediction } from "./usePrediction";

/** The page: a sheet to write on, the screen that shows the verdict, and reviews to try. */
export function App() {
  const [review, setReview] = useState("");
  const [ownReview, setOwnReview] = useState<string | null>(null);
  const [sentEmpty, setSentEmpty] = useState(false);
  const { state, submit } = usePrediction();
  const reviewRef = useRef<HTMLTextAreaElement>(null);
  const sendRef = useRef<HTMLButtonElement>(null);
  const screenRef = useRef<HTMLElement>(null);
  const problem = currentProblem(review, sentEmpty, state);

  useEffect(() => {
    if (state.status === "resolved") screenRef.current?.scrollIntoView({ block: "nearest" });
  }, [state]);

  const edit = (text: string) => {
    setReview(text);
    setSentEmpty(false);
  };
  const send = () => {
    const found = findProblem(review);
    setSentEmpty(found === EMPTY);
    if (found !== null) reviewRef.current?.focus();
    else if (state.status !== "pending" || state.review !== review) submit(review);
  };
  const retry = () => {
    sendRef.current?.focus(); // The button that was pressed goes away with the problem.
    send();
  };
  const pick = (text: string) => {
    if (review.trim() !== "" && !EXAMPLES.some((example) => example.text === review)) {
      setOwnReview(review);
    }
    edit(text);
    submit(text);
  };
  const restore = () => {
    edit(ownReview ?? "");
    setOwnReview(null);
    reviewRef.current?.focus();
  };

  return (
    <>
      <header className="masthead">
        <h1>What does this review really say?</h1>
        <p>Paste one in. The model reads it, gives its verdict, and says how sure it is.</p>
      </header>
      <main className="desk">
        <ReviewForm
          reviewRef={reviewRef}
          sendRef={sendRef}
          review={review}
          pending={state.status === "pending"}
          invalid={problem?.inReview ?? false}
          onEdit={edit}
          onSend={send}
          notice={problem && <ProblemNotice problem={problem} onRetry={retry} />}
        />
        <Screen ref={screenRef} state={state} review={review} />
        <Examples onPick={pick} onRestore={ownReview === null ? null : restore} />
      </main>
      <footer className="colophon">
        <p>
          Reviews go to this service and nowhere else, and are not kept.{" "}
          <a href="/docs">Use it from your own program</a>
        </p>
      </footer>
    </>
  );
}

function currentProblem(review: string, sentEmpty: boolean, state: PredictionState): Problem | null {
  if (sentEmpty) return EMPTY;
  if (findProblem(review) === TOO_LONG) return TOO_LONG;
  return state.status === "rejected" ? explainFailure(state.failure) : null;
}
