import { UNKNOWN } from './figures.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A span of seconds in its two largest units: 2 h 14 min. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return UNKNOWN
  const whole = Math.max(0, Math.round(seconds))
  if (whole < MINUTE) return `${whole} s`
  if (whole < HOUR) return twoUnits(whole, MINUTE, 'min', 1, 's')
  if (whole < DAY) return twoUnits(whole, HOUR, 'h', MINUTE, 'min')
  return twoUnits(whole, DAY, 'd', HOUR, 'h')
}

function twoUnits(seconds: number, large: number, name: string, small: number, rest: string) {
  const remainder = Math.floor((seconds % large) / small)
  const first = `${Math.floor(seconds / large)} ${name}`
  return remainder === 0 ? first : `${first} ${remainder} ${rest}`
}

const dayMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const monthYear = new Intl.DateTimeFormat('en-GB', { month: 'short', year: 'numeric' })

/** The farthest moment (ms) from the epoch that a Date can hold. */
const FARTHEST = 8.64e15

/** Whether a moment is given and a Date can hold it. */
export function isMoment(moment: number | null | undefined): moment is number {
  return typeof moment === 'number' && Math.abs(moment) <= FARTHEST
}

/** How long ago a moment was (both in ms since the epoch): now, 3 min ago, yesterday, 12 Mar. */
export function ago(moment: number | null | undefined, now: number): string {
  if (!isMoment(moment)) return UNKNOWN
  const seconds = Math.round((now - moment) / 1000)
  if (seconds < 10) return 'now'
  if (seconds < MINUTE) return `${seconds} s ago`
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min ago`
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h ago`
  if (seconds < 2 * DAY) return 'yesterday'
  if (seconds < 7 * DAY) return `${Math.floor(seconds / DAY)} days ago`
  return (seconds < 300 * DAY ? dayMonth : monthYear).format(moment)
}

const exactly = new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeStyle: 'medium' })

/** A moment to the second in the reader's time zone: 2026-03-12 14:03:22. */
export function exact(moment: number | null | undefined): string {
  return isMoment(moment) ? exactly.format(moment) : UNKNOWN
}
