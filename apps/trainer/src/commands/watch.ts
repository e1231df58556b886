import { callerPath, parseWords } from '../arguments.ts'
import { openBoard } from '../board.ts'
import { EXIT, Failure } from '../failure.ts'
import { Watching } from '../watching.ts'

export const usage = 'bestmark watch PATH… [--project NAME] [--once]'

const OPTIONS = {
  project: { type: 'string' },
  once: { type: 'boolean', default: false },
} as const

/**
 * Finds runs in trees and records them until SIGINT or SIGTERM: new ones as they come, growing ones
 * live, finished ones once. With --once it looks once and ends.
 */
export async function main(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseWords(words, OPTIONS, usage)
  if (positionals.length === 0) throw new Failure(`Name a folder to watch. Usage: ${usage}`)
  const paths = positionals.map(callerPath)
  await using board = await openBoard()
  const over = new AbortController()
  const stop = (): void => over.abort()
  process.on('SIGINT', stop).on('SIGTERM', stop).on('SIGHUP', stop)
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  const watching = new Watching(board, { project: values.project }, say)
  say(`Watching ${paths.join(', ')} for ${board.db.describe}`)
  if (!values.once) await watching.watch(paths, over.signal)
  else {
    await watching.look(paths, over.signal)
    over.abort()
    await watching.watch(paths, over.signal)
  }
  return EXIT.found
}
