/** The countdown clock that runs before a film; its hand turns while a review is being read. */
export function FilmLeader() {
  return (
    <svg className="leader" width="100%" height="100%" aria-hidden="true" focusable="false">
      <line x1="50%" y1="0" x2="50%" y2="100%" />
      <line x1="0" y1="50%" x2="100%" y2="50%" />
      <svg x="50%" y="50%" width="1" height="1" overflow="visible">
        <g className="leader-clock">
          <circle r="98" />
          <circle r="84" />
          <line className="leader-hand" y2="-98" />
        </g>
      </svg>
    </svg>
  );
}
