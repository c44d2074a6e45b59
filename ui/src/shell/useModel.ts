import { useCallback, useEffect, useState } from "react";

import { fetchModel, type Model, UNKNOWN_MODEL } from "../api/model";

interface ModelControl {
  readonly model: Model;
  /** Asks again if a verdict came from another version than the one described. */
  readonly sawVersion: (version: string | null) => void;
}

/** Holds what the service says about its model; a service that says nothing is no error. */
export function useModel(): ModelControl {
  const [model, setModel] = useState(UNKNOWN_MODEL);
  const [asked, setAsked] = useState(0);

  useEffect(() => {
    const controller = new AbortController();
    fetchModel(controller.signal).then(setModel, () => undefined);
    return () => {
      controller.abort();
    };
  }, [asked]);

  const known = model.version;
  const sawVersion = useCallback(
    (version: string | null) => {
      if (version !== null && known !== null && version !== known) setAsked((count) => count + 1);
    },
    [known],
  );
  return { model, sawVersion };
}
