import { resolve } from 'node:path'
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { Failure, sentence } from '../failure.ts'

/** Parses a command's words. Throws a Failure that names the word that does not fit. */
export function parseWords<Options extends ParseArgsOptionsConfig>(
  words: readonly string[],
  options: Options,
  usage: string,
) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new Failure(`${sentence(error)}. Usage: ${usage}`, { cause: error })
  }
}

/** A path as the caller meant it: pnpm changes the working folder and keeps the caller's own. */
export function callerPath(path: string): string {
  if (path === '') throw new Failure('An empty path was given; name a file or folder.')
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), path)
}

/** A timer that is told to wait for longer (s) does not wait at all. */
const LONGEST = 2 ** 31 / 1000 - 1

/** The seconds that a word tells, in milliseconds for a timer. Throws a Failure where it tells none. */
export function millisecondsOf(word: string, option: string): number {
  const seconds = word.trim() === '' ? NaN : Number(word)
  if (seconds >= 0 && seconds <= LONGEST) return seconds * 1000
  throw new Failure(`${option} takes seconds, at most ${Math.floor(LONGEST)}, not "${word}".`)
}
