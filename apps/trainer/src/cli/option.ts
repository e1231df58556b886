import { Failure } from '../failure.ts'

/** The form of a word, such as a number, and how it becomes a value. */
export interface Kind<Value> {
  /** What the help shows in its place, such as METRIC. */
  name: string
  /** What the word must be, as an error says it: "a whole number, 1 or more". */
  rule: string
  /** All words that are allowed, where they can be listed. */
  choices?: readonly string[]
  /** A shell completes the names of files. */
  isFile?: true
  /** Undefined where the word breaks the rule. May throw a Failure that says more. */
  parse: (word: string) => Value | undefined
}

/** An option of a command. */
export interface Option<Value> {
  /** One or two plain sentences. */
  text: string
  /** Undefined for a flag, which takes no value. */
  kind?: Kind<unknown>
  /** The value as written that holds without the option. */
  default?: string
  isMultiple?: true
  /**
   * The value of all words that were given, of which there are none without the option. A flag gets
   * an empty word each time. Throws a Failure that names the option.
   */
  read: (words: readonly string[], option: string) => Value
}

/** An option without a value. */
export function flag(text: string): Option<boolean> {
  return { text, read: (words) => words.length > 0 }
}

/** An option that may be left out; of several words the last counts. */
export function optional<Value>(kind: Kind<Value>, text: string): Option<Value | undefined> {
  const read = (words: readonly string[], option: string): Value | undefined => {
    const last = words.at(-1)
    return last === undefined ? undefined : valueOf(kind, last, option)
  }
  return { text, kind, read }
}

/** An option that must be given. */
export function required<Value>(kind: Kind<Value>, text: string): Option<Value> {
  const read = (words: readonly string[], option: string): Value => {
    const last = words.at(-1)
    if (last !== undefined) return valueOf(kind, last, option)
    throw new Failure(`${option} is missing; it must be ${kind.rule}.`)
  }
  return { text, kind, read }
}

/** An option with a value that holds without it, as written. */
export function withDefault<Value>(kind: Kind<Value>, usual: string, text: string): Option<Value> {
  const read = (words: readonly string[], option: string): Value =>
    valueOf(kind, words.at(-1) ?? usual, option)
  return { text, kind, default: usual, read }
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
