import { useState } from "react";

interface CopyButtonProps {
  readonly children: string;
  /** What is copied; made only when it is wanted. */
  readonly textOf: () => string;
}

/** Copies a text, or shows it to be copied by hand where the browser does not let a page copy. */
export function CopyButton({ children, textOf }: CopyButtonProps) {
  const [state, setState] = useState<"idle" | "copied" | "by hand">("idle");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(textOf());
      setState("copied");
    } catch {
      setState("by hand");
    }
  };
  return (
    <>
      <button
        type="button"
        className="quiet"
        onClick={() => {
          void copy();
        }}
      >
        {children}
      </button>
      <span role="status" className={state === "copied" ? "soft" : "visually-hidden"}>
        {state === "copied" ? "Copied." : ""}
      </span>
      {state === "by hand" && (
        <textarea
          className="by-hand"
          readOnly
          aria-label="To copy by hand"
          value={textOf()}
          rows={4}
        />
      )}
    </>
  );
}
