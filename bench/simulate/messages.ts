/** What the processes of a simulated host are told. */
export interface Task {
  /** The runs of the host. */
  runs: readonly { job_id: string; folder: string }[]
  /** Points per second of each run. */
  rate: number
  /** The database, for the floor. */
  databaseUrl: string
}

/** What they are asked to do, one after the other. */
export type Order = { task: Task } | 'begin' | 'end'

/** `written`: when each point was written, by run and step (ms since the epoch). */
export type Report = 'ready' | { written: number[][] } | { lags: number[] }

/** Answers the orders of the process that started this one, and ends when that one ends. */
export function answerOrders(answers: {
  task: (task: Task) => Promise<void>
  begin: () => void
  end: () => Promise<Report>
}): void {
  const answer = async (order: Order): Promise<void> => {
    if (order === 'begin') return answers.begin()
    const isTask = order !== 'end'
    if (isTask) await answers.task(order.task)
    const report: Report = isTask ? 'ready' : await answers.end()
    process.send?.(report, () => void (isTask || process.disconnect()))
  }
  process.on('message', (order: Order) => {
    void answer(order).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    })
  })
  process.on('disconnect', () => process.exit())
}
