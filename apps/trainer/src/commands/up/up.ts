import { IS_PACKED } from '@bestmark/db/programs'
import { parse } from '../../cli/parse.ts'
import { EXIT, Failure } from '../../failure.ts'
import { StopRequest } from '../../processes/stopRequest.ts'
import { buildPages } from './build.ts'
import { UP } from './up.table.ts'

/** Starts the whole board, until SIGINT, SIGTERM or SIGHUP. */
export async function main(words: readonly string[]): Promise<number> {
  const { values } = parse(words, UP)
  if (values.dev && IS_PACKED) throw new Failure('--dev needs the sources of Bestmark.')
  using stopRequest = new StopRequest()
  const failed = new AbortController()
  const until = AbortSignal.any([stopRequest.signal, failed.signal])
  const building = values.dev ? Promise.resolve(undefined) : buildPages(until)
  // The board awaits it. Until then a failure must not end the process without its message.
  building.catch(() => undefined)
  try {
    // The first build takes seconds, so it begins before the code of the board is loaded.
    const { keepBoard } = await import('./wholeBoard.ts')
    const { dev, restarts, 'no-demo': hasNoDemo } = values
    await keepBoard({ building, isDevelopment: dev, restarts, hasDemo: !hasNoDemo }, stopRequest)
  } finally {
    failed.abort()
  }
  return EXIT.found
}
