import { lazy, Suspense, useCallback, useState } from "react";

import type { Answer } from "./api/judge";
import type { Model } from "./api/model";
import { EXAMPLES } from "./examples";
import { HistoryView } from "./history/HistoryView";
import { useHistory } from "./history/useHistory";
import { OneReview } from "./review/OneReview";
import { useDraft } from "./review/useDraft";
import { useJudgement } from "./review/useJudgement";
import { joinWords } from "./shared/wording";
import { Footer } from "./shell/Footer";
import { Navigation } from "./shell/Navigation";
import { Status } from "./shell/Status";
import { useModel } from "./shell/useModel";
import { useReadiness } from "./shell/useReadiness";
import { goTo, useView, type View } from "./shell/useView";

// Only who has many reviews needs the parser and the table.
const ManyReviews = lazy(() => import("./many/ManyReviews"));

const isOwn = (text: string) => !EXAMPLES.some((example) => example.text === text);

/** The page: one review, many reviews, and the verdicts given before. */
export function App() {
  const view = useView();
  const { model, sawVersion } = useModel();
  const { readiness, checkNow } = useReadiness();
  const history = useHistory();
  const { add } = history;
  const draft = useDraft(isOwn);
  const noteAnswer = useCallback(
    (review: string, answer: Answer) => {
      sawVersion(answer.version);
      add(review, answer);
    },
    [sawVersion, add],
  );
  const judgement = useJudgement(noteAnswer);
  const open = (review: string) => {
    draft.replace(review);
    judgement.submit(review);
    goTo("one");
  };

  return (
    <>
      <header className="masthead">
        <div className="topbar">
          <Navigation view={view} />
          <Status model={model} readiness={readiness} />
        </div>
        <h1>{TITLES[view]}</h1>
        <p>{describePurpose(model)}</p>
      </header>
      <main>
        <div hidden={view !== "one"}>
          <OneReview model={model} draft={draft} judgement={judgement} onFailure={checkNow} />
        </div>
        <Many shown={view === "many"} onOpen={open} />
        {view === "history" && <HistoryView history={history} model={model} onOpen={open} />}
      </main>
      <Footer model={model} historyOn={history.on && history.kept} />
    </>
  );
}

const TITLES: Readonly<Record<View, string>> = {
  one: "What does this review say, and why?",
  many: "What do all these reviews say?",
  history: "Your last verdicts",
};

interface ManyProps {
  readonly shown: boolean;
  readonly onOpen: (review: string) => void;
}

/** Fetched when it is first shown, and kept after that: a run goes on in the background. */
function Many({ shown, onOpen }: ManyProps) {
  const [wanted, setWanted] = useState(shown);
  if (shown && !wanted) setWanted(true);
  if (!wanted) return null;
  return (
    <div hidden={!shown}>
      <Suspense fallback={<p role="status">Loading…</p>}>
        <ManyReviews onOpen={onOpen} />
      </Suspense>
    </div>
  );
}

function describePurpose({ language, domain, labels }: Model): string {
  const texts = [language, domain ?? "reviews"].filter(Boolean).join(" ");
  const verdict = labels.length > 1 ? `is ${joinWords(labels, "or")}` : "deserves which label";
  return (
    `A language model reads ${texts}, tells whether one ${verdict}, how sure it is, ` +
    "and which words decided."
  );
}
