/** A time (ms) to the minute, in UTC: `2026-11-27 09:30`. */
export function minuteText(at: number): string {
  return secondText(at).slice(0, -3)
}

/** A time (ms) to the second, in UTC: `2026-11-27 09:30:05`. */
export function secondText(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ')
}
