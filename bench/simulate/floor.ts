import { tmpdir } from 'node:os'
import { openDatabase, type Database } from '@bestmark/db'
import { AGENT_CONNECTIONS } from '../../apps/trainer/src/agent/options.ts'
import { GATHERED } from '../../apps/trainer/src/recording/gathering.ts'
import { answerOrders, type Task } from './messages.ts'
import { now, spread } from './pace.ts'

/**
 * The least that a host must do: no files, one statement per run and gathering time, which inserts the
 * run's points as plain rows without an index, over as many connections as an agent has.
 */
const over = new AbortController()
const lags: number[] = []
const writes = new Set<Promise<void>>()
let working: Promise<void> = Promise.resolve()
let opened: { db: Database; task: Task } | undefined

answerOrders({
  task: async (task: Task) => {
    const { databaseUrl } = task
    const connections = AGENT_CONNECTIONS
    opened = { db: await openDatabase({ home: tmpdir(), databaseUrl, connections }), task }
  },
  begin: () => {
    const { runs = [], rate = 0 } = opened?.task ?? {}
    const pace = { count: runs.length, every: GATHERED }
    if (rate > 0) working = spread(pace, (index) => void insert(index, rate), over.signal)
  },
  end: async () => {
    over.abort()
    await working
    await Promise.all(writes)
    await opened?.db.close()
    return { lags }
  },
})

function insert(index: number, rate: number): void {
  const write = insertPoints(index, rate)
  writes.add(write)
  void write.finally(() => writes.delete(write))
}

/** The points of a run since its last write; they count as logged at even times. */
async function insertPoints(index: number, rate: number): Promise<void> {
  const job_id = opened?.task.runs[index]?.job_id
  if (!opened || job_id === undefined) return
  const at = now()
  const count = Math.max(1, Math.round((rate * GATHERED) / 1_000))
  const times = Array.from({ length: count }, (_, point) => at - (1_000 / rate) * point)
  const rows = times.map((time) => ({ job_id, name: 'loss', step: time, value: 1, time }))
  const { sql } = opened.db
  await sql`insert into plain_points ${sql(rows)}`
  const seen = now()
  for (const time of times) lags.push(seen - time)
}
