import { releaseMemoryWhenIdle } from '@bestmark/db'
import { measuredJson, type TrainingJobStatus } from '@bestmark/core'
import { AGENT_CONNECTIONS, agentOptions } from '../../agent/options.ts'
import { callerPath } from '../../cli/callerPath.ts'
import { parse } from '../../cli/parse.ts'
import { openBoard } from '../../board/board.ts'
import { EXIT } from '../../failure.ts'
import { ProgressLine } from '../../cli/progressLine.ts'
import { StopRequest } from '../../processes/stopRequest.ts'
import { print, notify } from '../../cli/terminal.ts'
import { linkCheckpoints, requireOnePath } from '../../sources/checkpointLinks.ts'
import { sendRuns } from './sendRuns.ts'
import { WATCH } from './watch.table.ts'
import { type Display, Watcher } from './watcher.ts'

/**
 * Finds runs below folders and records them until SIGINT or SIGTERM: growing runs live, finished runs
 * once. With --once it looks once and ends. With --to it sends them to a board instead.
 */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, WATCH)
  const paths = args.PATH.map(callerPath)
  const { checkpoints } = values
  requireOnePath(paths, checkpoints)
  if (checkpoints !== undefined) {
    for (const path of paths) await linkCheckpoints(path, callerPath(checkpoints))
  }
  if (values.to !== undefined) return sendRuns(paths, { ...values, to: values.to })
  const { patience } = agentOptions()
  using stopRequest = new StopRequest()
  using released = new DisposableStack()
  released.defer(releaseMemoryWhenIdle())
  await using board = await openBoard(process.env, { connections: AGENT_CONNECTIONS })
  const over = new AbortController()
  stopRequest.signal.addEventListener('abort', () => over.abort())
  if (stopRequest.signal.aborted) return EXIT.found
  const display = new WatchDisplay(values.json)
  const watcher = new Watcher(board, { project: values.project }, display, patience)
  display.message(`Watching ${paths.join(', ')}. The board is in ${board.db.describe}.`)
  if (!values.once) await watcher.watch(paths, over.signal)
  else {
    await watcher.look(paths, over.signal)
    over.abort()
    await watcher.watch(paths, over.signal)
  }
  display.end()
  return EXIT.found
}

/** Prints messages and progress for people to stderr, and changes for programs to stdout. */
class WatchDisplay implements Display {
  readonly #line = process.stderr.isTTY ? new ProgressLine() : undefined
  readonly #json: boolean
  readonly #printed = new Map<string, string>()

  constructor(json: boolean) {
    this.#json = json
  }

  readonly message = notify

  show = (job: TrainingJobStatus): void => {
    this.#line?.show(job)
    const { job_id, status, best_checkpoint_id, best_metric } = job
    const state = measuredJson({ status, best_checkpoint_id, best_metric })
    if (!this.#json || this.#printed.get(job_id) === state) return
    this.#printed.set(job_id, state)
    print(measuredJson(job))
  }

  end(): void {
    this.#line?.end()
  }
}
