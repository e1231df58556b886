import type { Kind } from './option.ts'

/** Any word. */
export function text(name: string): Kind<string> {
  return { name, rule: 'some text', parse: (word) => word }
}

/** A path. Shells complete it. */
export function path(name: string): Kind<string> {
  return { ...text(name), rule: 'a path', isFile: true }
}

/** One of some words. */
export function oneOf<Choice extends string>(choices: readonly Choice[]): Kind<Choice> {
  return {
    name: choices.join('|'),
    rule: choices.join(' or '),
    choices,
    parse: (word) => choices.find((choice) => choice === word),
  }
}

/** A whole number. */
export function count(name: string, least: number): Kind<number> {
  const parse = (word: string): number | undefined => {
    const value = /^\d{1,15}$/.test(word) ? Number(word) : NaN
    return value >= least ? value : undefined
  }
  return { name, rule: `a whole number, ${least} or more`, parse }
}

/** A number of 0 or more. */
export function amount(name: string): Kind<number> {
  const parse = (word: string): number | undefined => {
    const value = numberOf(word)
    return value >= 0 ? value : undefined
  }
  return { name, rule: '0 or more', parse }
}

/** The longest time of a timer (s). Node fires a longer timer at once. */
const LONGEST = Math.floor(2 ** 31 / 1000 - 1)

/** Seconds, as milliseconds for a timer. */
export function duration({ above }: { above?: 0 } = {}): Kind<number> {
  const rule =
    above === undefined
      ? `a number of seconds, 0 to ${LONGEST}`
      : `a number of seconds, more than 0 and at most ${LONGEST}`
  const parse = (word: string): number | undefined => {
    const value = numberOf(word)
    const isLongEnough = above === undefined ? value >= 0 : value > above
    return isLongEnough && value <= LONGEST ? value * 1000 : undefined
  }
  return { name: 'SECONDS', rule, parse }
}

/** A finite number; NaN if the text is empty or something else. */
export function numberOf(word: string): number {
  const number = Number(word)
  return word.trim() !== '' && Number.isFinite(number) ? number : NaN
}
