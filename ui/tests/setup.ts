import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

// jsdom lays nothing out and so has no scrolling; the browser tests cover it.
Element.prototype.scrollIntoView = () => undefined;

afterEach(cleanup);
