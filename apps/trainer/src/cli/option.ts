import { Failure } from '../failure.ts'

/** The kind of value that a word is, such as a number, and how it is parsed. */
export interface Kind<Value> {
  /** The placeholder in the help, such as METRIC. */
  name: string
  /** The rule for the word in an error: "a whole number, 1 or more". */
  rule: string
  /** All allowed words, if there is a list. */
  choices?: readonly string[]
  /** Shells complete file names. */
  isFile?: true
  /** Undefined if the word breaks the rule. May throw a Failure with details. */
  parse: (word: string) => Value | undefined
}

/** An option of a command. */
export interface Option<Value> {
  /** One or two plain sentences. */
  text: string
  /** Undefined for a flag, which takes no value. */
  kind?: Kind<unknown>
  /** The default, as it is written on the command line. */
  default?: string
  isMultiple?: true
  /**
   * The value of the words that the user gave. Without the option there are no words; a flag gets an
   * empty word each time. Throws a Failure that names the option.
   */
  read: (words: readonly string[], option: string) => Value
}

/** An option without a value. */
export function flag(text: string): Option<boolean> {
  return { text, read: (words) => words.length > 0 }
}

/** An option that may be omitted. If it is given several times, the last one counts. */
export function optional<Value>(kind: Kind<Value>, text: string): Option<Value | undefined> {
  const read = (words: readonly string[], option: string): Value | undefined => {
    const last = words.at(-1)
    return last === undefined ? undefined : valueOf(kind, last, option)
  }
  return { text, kind, read }
}

/** A required option. */
export function required<Value>(kind: Kind<Value>, text: string): Option<Value> {
  const read = (words: readonly string[], option: string): Value => {
    const last = words.at(-1)
    if (last !== undefined) return valueOf(kind, last, option)
    throw new Failure(`${option} is missing; it must be ${kind.rule}.`)
  }
  return { text, kind, read }
}

/** An option with a default, given as it is written on the command line. */
export function withDefault<Value>(kind: Kind<Value>, value: string, text: string): Option<Value> {
  const read = (words: readonly string[], option: string): Value =>
    valueOf(kind, words.at(-1) ?? value, option)
  return { text, kind, default: value, read }
}

/** An option that may be given several times. */
export function repeated<Value>(kind: Kind<Value>, text: string): Option<Value[]> {
  const read = (words: readonly string[], option: string): Value[] =>
    words.map((word) => valueOf(kind, word, option))
  return { text, kind, isMultiple: true, read }
}

/** The value of a word. Throws a Failure that names the option or the argument. */
export function valueOf<Value>(kind: Kind<Value>, word: string, option: string): Value {
  const value = kind.parse(word)
  if (value !== undefined) return value
  throw new Failure(`${option} must be ${kind.rule}; got "${word}".`)
}
