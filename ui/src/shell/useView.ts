import { useSyncExternalStore } from "react";

export const VIEWS = ["one", "many", "history"] as const;
export type View = (typeof VIEWS)[number];

/** Tells which view the address names, so that the browser's back button works. */
export function useView(): View {
  return useSyncExternalStore(subscribe, currentView);
}

/** Goes to a view. */
export function goTo(view: View): void {
  window.location.hash = view;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => {
    window.removeEventListener("hashchange", listener);
  };
}

function currentView(): View {
  const named = window.location.hash.slice(1);
  return VIEWS.find((view) => view === named) ?? "one";
}
