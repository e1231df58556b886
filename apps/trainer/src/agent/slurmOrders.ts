import {
  advanceOrder,
  type Database,
  recordWaiting,
  type SubmittedOrder,
  submittedOrders,
} from '@bestmark/db'
import type { Starter } from '../board/board.ts'
import { textIfReadable } from '../files/runFile.ts'
import { pause } from '../pause.ts'
import { orderLog } from '../recipes/orderedRun.ts'
import { cancelSlurmJob } from '../slurm/cancel.ts'
import { isSlurmThere, shownJob } from '../slurm/shownJob.ts'
import { phaseOf } from '../slurm/states.ts'

/** How often Slurm is asked about the jobs of orders (ms). */
const LOOK = 5_000

/** Follows the orders that this host submitted to Slurm, also those of an agent before this one. */
export class SlurmOrders {
  readonly #db: Database
  readonly #starter: Starter
  readonly #onEnd: () => void
  #done = Promise.resolve()
  #isFollowing = false
  /** There may be an order that the last look did not see. */
  #isNew = false

  constructor(db: Database, starter: Starter, onEnd: () => void) {
    this.#db = db
    this.#starter = starter
    this.#onEnd = onEnd
  }

  /** Begins to follow the orders, unless it does already. Errors are reported, and it goes on. */
  begin(signal: AbortSignal, report: (error: unknown) => void): void {
    this.#isNew = true
    if (this.#isFollowing) return
    this.#isFollowing = true
    this.#done = this.#follow(signal, report).finally(() => (this.#isFollowing = false))
  }

  /** Resolves when nothing is followed any more. */
  get done(): Promise<void> {
    return this.#done
  }

  async #follow(signal: AbortSignal, report: (error: unknown) => void): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#isNew = false
        const orders = await submittedOrders(this.#db, this.#starter.host_id)
        if (orders.length === 0 && !this.#isNew) return
        for (const order of orders) await this.#look(order)
        if (this.#isNew) continue
      } catch (error) {
        report(error)
      }
      await pause(LOOK, signal)
    }
  }

  async #look(order: SubmittedOrder): Promise<void> {
    const { order_id, slurm_job_id, waits_for } = order
    if (order.state === 'cancelled') {
      if (await cancelSlurmJob(slurm_job_id)) await recordWaiting(this.#db, order_id, null)
      return
    }
    const shown = await shownJob(slurm_job_id)
    if (!shown) {
      // Slurm forgets a job some minutes after its end.
      if (await isSlurmThere()) await this.#end(order, null)
      return
    }
    const phase = phaseOf(shown.state)
    if (phase === 'ended') return this.#end(order, shown.state)
    if (phase === 'waits') {
      if (shown.reason !== waits_for) await recordWaiting(this.#db, order_id, shown.reason)
    } else if (order.state !== 'started') {
      await advanceOrder(this.#db, order_id, { state: 'started' })
      await recordWaiting(this.#db, order_id, null)
    }
  }

  /** Records how an order ended; `null` if Slurm forgot its job. What its program did is in the job. */
  async #end({ order_id, has_job }: SubmittedOrder, state: string | null): Promise<void> {
    const isFailed = !has_job && state !== 'COMPLETED'
    const error = isFailed ? await this.#lastLine(order_id) : ''
    const what =
      state === null ? 'Slurm does not know its job any more' : `Its Slurm job is ${state}`
    const why = error || `${what}, and no run of it was recorded.`
    await advanceOrder(
      this.#db,
      order_id,
      isFailed ? { state: 'failed', error: why } : { state: 'ended' },
    )
    await recordWaiting(this.#db, order_id, null)
    this.#onEnd()
  }

  async #lastLine(order_id: string): Promise<string> {
    const text = await textIfReadable(await orderLog(this.#starter.home, order_id))
    return text.trim().split('\n').at(-1) ?? ''
  }
}
