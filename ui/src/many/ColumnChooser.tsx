import { useId } from "react";

import { excerpt, formatCount, formatCounted } from "../shared/wording";
import { type Layout, layoutOf, rowsBelowHeader } from "./columns";
import type { Parsed } from "./parse";
import type { Format } from "./table";

interface ColumnChooserProps {
  readonly name: string;
  readonly parsed: Parsed;
  readonly layout: Layout;
  readonly onLayout: (layout: Layout) => void;
  readonly onFormat: (format: Format) => void;
  readonly onStart: () => void;
  readonly onBack: () => void;
}

const FORMATS: readonly (readonly [Format, string])[] = [
  ["comma", "a table with commas, semicolons or bars (CSV)"],
  ["tab", "a table with tabs (TSV)"],
  ["lines", "one review in every line"],
];

/** What was found in a file, and which column holds the reviews. */
export function ColumnChooser(props: ColumnChooserProps) {
  const { name, parsed, layout, onLayout, onFormat, onStart, onBack } = props;
  const ids = { column: useId(), header: useId(), format: useId() };
  const rows = rowsBelowHeader(parsed.rows, layout);
  const broken = rows.filter((row) => row.problem !== null).length;
  return (
    <form
      className="chooser"
      onSubmit={(event) => {
        event.preventDefault();
        onStart();
      }}
    >
      <h2>
        {name}: {formatCounted(rows.length, "row")}
      </h2>
      {parsed.note !== null && <p className="soft">{parsed.note}</p>}
      {broken > 0 && (
        <p role="note" className="cut">
          {formatCounted(broken, "row")} cannot be read and will be listed with the reason.
        </p>
      )}
      <div className="chooser-fields">
        <label htmlFor={ids.format}>Read as</label>
        <select
          id={ids.format}
          value={parsed.format}
          onChange={(event) => {
            onFormat(event.target.value as Format);
          }}
        >
          {FORMATS.map(([format, words]) => (
            <option key={format} value={format}>
              {words}
            </option>
          ))}
        </select>
        <label htmlFor={ids.column}>Reviews are in</label>
        <select
          id={ids.column}
          value={layout.column}
          onChange={(event) => {
            onLayout({ ...layout, column: Number(event.target.value) });
          }}
        >
          {layout.names.map((column, index) => (
            <option key={`${index} ${column}`} value={index}>
              {column}
            </option>
          ))}
        </select>
        <span />
        <label className="check" htmlFor={ids.header}>
          <input
            id={ids.header}
            type="checkbox"
            checked={layout.hasHeader}
            onChange={(event) => {
              onLayout(layoutOf(parsed.rows, event.target.checked, layout.column));
            }}
          />
          The first row holds the names of the columns
        </label>
      </div>
      <p className="soft">The first reviews would be:</p>
      <ol className="preview">
        {rows.slice(0, 3).map(({ cells }, index) => (
          <li key={index}>{excerpt(cells[layout.column] ?? "", 140) || <em>nothing</em>}</li>
        ))}
      </ol>
      <div className="sheet-actions">
        <button type="submit" className="primary" disabled={rows.length === 0}>
          Judge {formatCount(rows.length)} reviews
        </button>
        <button type="button" onClick={onBack}>
          Choose something else
        </button>
      </div>
    </form>
  );
}
