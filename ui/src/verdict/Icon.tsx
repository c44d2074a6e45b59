import type { Stance } from "./stance";
import type { Tone } from "./tone";

type Shape = Tone | Exclude<Stance, "clear">;

const SHAPES: Readonly<Record<Shape, string>> = {
  high: "M12 5 19.5 17.5H4.5Z",
  low: "M12 19 4.5 6.5H19.5Z",
  plain: "M6 11h12v2.5H6Z",
  mixed: "M12 2.5 16.5 10.5H7.5Z M12 21.5 7.5 13.5H16.5Z",
  unsure: "M4 11h3.2v2.6H4Z M10.4 11h3.2v2.6h-3.2Z M16.8 11H20v2.6h-3.2Z",
};

/** A shape for a tone or stance, so that none of them rests on colour alone. */
export function Icon({ shape, size = 24 }: { readonly shape: Shape; readonly size?: number }) {
  return (
    <svg
      className={`icon tone-${shape}`}
      viewBox="0 0 24 24"
      width={size}
      height={size}
      aria-hidden="true"
      focusable="false"
    >
      <path d={SHAPES[shape]} />
    </svg>
  );
}
