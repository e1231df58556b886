/** A real point of a series, with its place on both axes. */
export interface Point {
  x: number
  y: number
  step: number
}
