import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { PROMPT } from '@bestmark/core'
import { nodeOptions, programPath } from '@bestmark/db/programs'
import { z } from 'zod'
import { Failure } from '../failure.ts'

const call = promisify(execFile)
const WRITER = programPath('writer.ts', import.meta.url)
/** How long a process may write (ms). */
const LONGEST = 30_000
const MOST_PRINTED = 1 << 20

const WriterResult = z.union([z.object({ text: z.string() }), z.object({ error: z.string() })])
export type WriterResult = z.infer<typeof WriterResult>

/**
 * What the built-in models in folders write after a prompt, in a process of their own. Throws a Failure
 * if one of the folders has no such model, or if they take too long.
 */
export async function written(
  folders: readonly string[],
  prompt: string,
  signal: AbortSignal,
): Promise<string[]> {
  const words = [prompt, String(PROMPT.answer), ...folders]
  const options = { timeout: LONGEST, maxBuffer: MOST_PRINTED, signal }
  const { stdout } = await call(
    process.execPath,
    [...nodeOptions(), WRITER, ...words],
    options,
  ).catch((cause: unknown) => {
    signal.throwIfAborted()
    const isLate = cause instanceof Error && 'killed' in cause && cause.killed === true
    const why = isLate ? `did not write within ${LONGEST / 1_000} s` : 'ended with an error'
    throw new Failure(`The process that writes ${why}. Try it again.`, { cause })
  })
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => {
      const result = WriterResult.parse(JSON.parse(line))
      if ('text' in result) return result.text
      throw new Failure(`${result.error} Only models of the built-in char-lm write here.`)
    })
}
