import { grouped, isFiniteMeasure, type Measured } from '@bestmark/core'

/** Shown for an unknown value. */
export const UNKNOWN = '–'

const MINUS = '−'

function signed(text: string): string {
  return text.replaceAll('-', MINUS)
}

function nonFinite(value: Measured | undefined): string {
  if (value === null || value === undefined) return UNKNOWN
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? '∞' : `${MINUS}∞`
}

/** A loss or another measured value, with 4 significant digits so that a column lines up. */
export function measure(value: Measured | undefined): string {
  if (!isFiniteMeasure(value)) return nonFinite(value)
  const size = Math.abs(value)
  if (size >= 1e4) return signed(size < 1e7 ? grouped(Math.round(value)) : value.toExponential(3))
  return signed(size > 0 && size < 1e-3 ? value.toExponential(3) : value.toPrecision(4))
}

/** A value with at most 4 significant digits and no trailing zeros, for axes and options. */
export function short(value: Measured | undefined): string {
  return shortTo(value, 4)
}

/** A value with at most the given significant digits and no trailing zeros. */
export function shortTo(value: Measured | undefined, digits: number): string {
  if (!isFiniteMeasure(value)) return nonFinite(value)
  const size = Math.abs(value)
  const rounded = Number(value.toPrecision(digits))
  if (size >= 1e4 && size < 1e7 && digits <= 7) return signed(grouped(Math.round(value)))
  if (size >= 1e7 || (size > 0 && size < 1e-3)) return signed(rounded.toExponential())
  return signed(String(rounded))
}

/** A difference, always with its sign, with 3 significant digits. */
export function delta(value: Measured | undefined): string {
  if (!isFiniteMeasure(value)) return nonFinite(value)
  if (value === 0) return '±0'
  const size = Math.abs(value)
  return (value > 0 ? '+' : MINUS) + threeDigits(size)
}

function threeDigits(size: number): string {
  if (size < 1e-4 || size >= 1e7) return signed(size.toExponential(1))
  return size < 999.5 ? size.toPrecision(3) : grouped(Math.round(size))
}

/** A count, grouped by thousands. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : grouped(Math.round(value))
}

/** Epochs, with one decimal unless whole. */
export function epochs(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : String(Number(value.toFixed(1)))
}

/** A share from 0 to 1 in per cent; 100 % only for a finished run. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return UNKNOWN
  return `${share >= 1 ? 100 : Math.min(99, Math.round(share * 100))} %`
}

/** The value of an option on one line. */
export function optionText(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : short(value)
  return typeof value === 'string' ? value : JSON.stringify(value)
}
