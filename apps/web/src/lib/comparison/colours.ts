/**
 * Six line colours for light and dark backgrounds. Any two differ by at least 30 (CIE 1976) for normal
 * sight and for the three kinds of colour blindness; none is near the amber of the best.
 */
export const LINE_COLOURS: readonly { light: string; dark: string }[] = [
  { light: '#616afe', dark: '#62f164' },
  { light: '#7d010c', dark: '#f28af3' },
  { light: '#a377c6', dark: '#6e36fb' },
  { light: '#451691', dark: '#c6e1ba' },
  { light: '#f35c70', dark: '#c0195e' },
  { light: '#6b2c5c', dark: '#6f6b04' },
]

/** After six runs the colours begin again with another dash pattern. */
const DASHES = ['none', '6 3', '2 3', '10 3 2 3', '14 4', '1 2', '8 2 2 2', '4 4', '12 2 4 2']

/** The style of a run's line. */
export interface LineStyle {
  /** A colour for both backgrounds, as a CSS value. */
  colour: string
  dash: string
}

/** The line of the run at an index of a list, counted from 0. */
export function lineStyle(at: number): LineStyle {
  const { light, dark } = LINE_COLOURS[at % LINE_COLOURS.length] ?? { light: '#000', dark: '#fff' }
  const dash = DASHES[Math.floor(at / LINE_COLOURS.length) % DASHES.length] ?? 'none'
  return { colour: `light-dark(${light}, ${dark})`, dash }
}
