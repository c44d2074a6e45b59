import { useCallback, useEffect, useState } from "react";

import { fetchReadiness, type Readiness } from "../api/readiness";

const WHEN_READY_MS = 60_000;
const WHEN_NOT_MS = 5_000;

interface ReadinessControl {
  /** Null before the first answer. */
  readonly readiness: Readiness | null;
  readonly checkNow: () => void;
}

/** Follows whether the service would answer; a page in the background does not ask. */
export function useReadiness(): ReadinessControl {
  const [readiness, setReadiness] = useState<Readiness | null>(null);
  const [round, setRound] = useState(0);
  const checkNow = useCallback(() => {
    setRound((count) => count + 1);
  }, []);

  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    void fetchReadiness(controller.signal).then((found) => {
      if (controller.signal.aborted) return;
      setReadiness(found);
      timer = setTimeout(
        () => {
          if (!document.hidden) checkNow();
        },
        found === "ready" ? WHEN_READY_MS : WHEN_NOT_MS,
      );
    });
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [round, checkNow]);

  useEffect(() => {
    const onVisible = () => {
      if (!document.hidden) checkNow();
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
    };
  }, [checkNow]);

  return { readiness, checkNow };
}
