/** Exit codes that scripts can trust. */
export const EXIT = { found: 0, nothing: 1, unusable: 2, disagreement: 3 } as const
export type Exit = (typeof EXIT)[keyof typeof EXIT]

/** Something a person can mend: one sentence that says what is wrong and what to do. */
export class Failure extends Error {
  readonly exit: Exit

  constructor(message: string, options: { exit?: Exit; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'Failure'
    this.exit = options.exit ?? EXIT.unusable
  }
}

/** What went wrong, as one line. */
export function sentence(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? text
}
