import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { App } from "./App";
import "./styles/tokens.css";
import "./styles/layout.css";
import "./styles/form.css";
import "./styles/verdict.css";
import "./styles/why.css";
import "./styles/many.css";
import "./styles/history.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root to render into");

createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
