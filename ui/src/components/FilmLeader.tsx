/** The countdown clock that runs before a film; its hand turns while a review is being read. */
export function FilmLeader() {
  return (
    <svg className="leader" viewBox="-150 -150 300 300" aria-hidden="true" focusable="false">
      <path d="M0-2000V2000M-2000 0H2000" />
      <circle r="84" />
      <circle r="72" />
      <path className="leader-hand" d="M0 0V-84" />
    </svg>
  );
}
