import type { Model } from "../api/model";

interface FooterProps {
  readonly model: Model;
  readonly historyOn: boolean;
}

/** Where reviews go and what is kept of them, as this service is set up. */
export function Footer({ model, historyOn }: FooterProps) {
  return (
    <footer className="colophon">
      <p>
        Reviews go to this service and nowhere else, and are not kept there
        {model.feedback !== null && " unless you report a wrong verdict and agree to it"}.
        {historyOn && " This browser keeps your last verdicts until you delete them."}{" "}
        <a href="/docs">Use it from your own program</a>
      </p>
    </footer>
  );
}
