/** Reads from a storage of the browser, or null where there is none (private mode, policy). */
export function readStored(area: "localStorage" | "sessionStorage", key: string): string | null {
  try {
    return window[area].getItem(key);
  } catch {
    return null;
  }
}

/** Writes to a storage of the browser; false where it is full or not there. */
export function writeStored(
  area: "localStorage" | "sessionStorage",
  key: string,
  value: string,
): boolean {
  try {
    if (value === "") window[area].removeItem(key);
    else window[area].setItem(key, value);
    return true;
  } catch {
    return false;
  }
}
