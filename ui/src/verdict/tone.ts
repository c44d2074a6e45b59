/** How a label is drawn; the labels themselves come from the service. */
export type Tone = "low" | "high" | "plain";

/**
 * Tells how a label is drawn. Two labels are the ends of a scale, the lower first, as checkpoints
 * number them; of more labels no order is known, so they are all drawn alike.
 */
export function toneOf(label: string, labels: readonly string[]): Tone {
  if (labels.length !== 2) return "plain";
  const place = labels.indexOf(label);
  if (place === -1) return "plain";
  return place === 0 ? "low" : "high";
}

/** Returns the label that a contribution speaks for, or null where it only speaks against one. */
export function labelOf(contribution: number, label: string, labels: readonly string[]) {
  if (contribution >= 0) return label;
  return labels.length === 2 ? (labels.find((other) => other !== label) ?? null) : null;
}
