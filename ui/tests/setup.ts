import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// jsdom lays nothing out and so has no scrolling; the browser tests cover it.
Element.prototype.scrollIntoView = () => undefined;

// Nothing here waits for long, but a continuous integration machine may be busy with other work.
configure({ asyncUtilTimeout: 10_000 });

afterEach(() => {
  cleanup();
  sessionStorage.clear();
  localStorage.clear();
});
