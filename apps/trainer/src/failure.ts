import { plainErrorText } from './plainErrors.ts'

/** Exit codes; scripts rely on them. `unstarted` is the shell's code for a program that does not start. */
export const EXIT = { found: 0, nothing: 1, unusable: 2, disagreement: 3, unstarted: 127 } as const
export type Exit = (typeof EXIT)[keyof typeof EXIT]

/** An error that the user can fix. Its message says what is wrong, where, and what to do. */
export class Failure extends Error {
  readonly exit: Exit

  constructor(message: string, options: { exit?: Exit; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'Failure'
    this.exit = options.exit ?? EXIT.unusable
  }
}

/** The message of an error, on one line. */
export function errorText(error: unknown): string {
  if (error instanceof Failure) return error.message.replace(/\s*\n\s*/g, ' ')
  const plain = plainErrorText(error)
  if (plain !== undefined) return plain
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? text
}

/** The worse of two exit codes. An unreadable input is worse than any answer. */
export function worseExit(a: Exit, b: Exit): Exit {
  const { found, nothing, disagreement, unusable, unstarted } = EXIT
  const order: readonly Exit[] = [found, nothing, disagreement, unusable, unstarted]
  return order.indexOf(a) > order.indexOf(b) ? a : b
}

/** The system's code of an error, or of the cause of a Failure, such as ENOENT. */
export function systemCode(error: unknown): string | undefined {
  const of = error instanceof Failure ? error.cause : error
  const { code } = of instanceof Error && 'code' in of ? of : { code: undefined }
  return typeof code === 'string' ? code : undefined
}
