import { type DragEvent, useId, useState } from "react";

interface SourcePickerProps {
  readonly onFile: (file: File) => void;
  readonly onText: (text: string) => void;
}

/** Where many reviews come from: a file, dropped or chosen, or a pasted list. */
export function SourcePicker({ onFile, onText }: SourcePickerProps) {
  const [text, setText] = useState("");
  const [over, setOver] = useState(false);
  const ids = { file: useId(), text: useId() };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file !== undefined) onFile(file);
    else setText(event.dataTransfer.getData("text"));
  };
  return (
    <div className="sources">
      {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions -- the field below does the same */}
      <div
        className={over ? "drop over" : "drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => {
          setOver(false);
        }}
        onDrop={drop}
      >
        <label htmlFor={ids.file}>A file</label>
        <p className="soft">CSV, TSV or plain text with a review in every line. Drop it here or</p>
        <input
          id={ids.file}
          type="file"
          accept=".csv,.tsv,.tab,.txt,text/*"
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file !== undefined) onFile(file);
            event.target.value = ""; // The same file can be chosen again.
          }}
        />
      </div>
      <form
        className="paste"
        onSubmit={(event) => {
          event.preventDefault();
          onText(text);
        }}
      >
        <label htmlFor={ids.text}>Or a list</label>
        <textarea
          id={ids.text}
          rows={5}
          value={text}
          spellCheck={false}
          placeholder="One review in every line, or rows copied from a spreadsheet"
          onChange={(event) => {
            setText(event.target.value);
          }}
        />
        <button type="submit">Use this list</button>
      </form>
    </div>
  );
}
