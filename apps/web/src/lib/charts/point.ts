/** A measured point of a series, with its position on both axes. */
export interface Point {
  x: number
  y: number
  step: number
}
