import { useEffect, useState } from "react";

/** Counts whole seconds down to 0; mount anew (by `key`) to start again. */
export function useCountdown(seconds: number): number {
  const [remaining, setRemaining] = useState(seconds);

  useEffect(() => {
    if (remaining <= 0) return undefined;
    const timer = setTimeout(() => {
      setRemaining(remaining - 1);
    }, 1000);
    return () => {
      clearTimeout(timer);
    };
  }, [remaining]);

  return remaining;
}
