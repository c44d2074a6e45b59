/** Writes the request for a review's verdict as a command for a shell. */
export function curlCommand(origin: string, review: string): string {
  const body = JSON.stringify({ review }).replaceAll("'", "'\\''");
  return `curl -s ${origin}/predict -H 'content-type: application/json' -d '${body}'`;
}
