import {
  advanceOrder,
  claimOrder,
  type Database,
  publishRecipes,
  recordSubmitted,
} from '@bestmark/db'
import type { Starter } from '../board/board.ts'
import { errorText, EXIT } from '../failure.ts'
import { textOfFile } from '../files/runFile.ts'
import { type OrderedRun, startOrdered } from '../recipes/orderedRun.ts'
import { submitOrdered } from '../slurm/submittedRun.ts'
import { SlurmOrders } from './slurmOrders.ts'
import { readRecipes, shownRecipes } from '../recipes/recipesFile.ts'

interface RunOrdersListener {
  /** A run has ended, so another one may begin. */
  onEnd: () => void
  report: (error: unknown) => void
}

/** Starts the runs that people order from the recipes of this host. */
export class RunOrders {
  readonly #db: Database
  readonly #starter: Starter
  readonly #listener: RunOrdersListener
  readonly #slurm: SlurmOrders
  readonly #signal: AbortSignal
  #published = ''
  #hasBegun = false

  constructor(
    db: Database,
    starter: Starter,
    { signal, ...listener }: RunOrdersListener & { signal: AbortSignal },
  ) {
    this.#db = db
    this.#signal = signal
    this.#slurm = new SlurmOrders(db, starter, listener.onEnd)
    this.#starter = starter
    this.#listener = listener
  }

  /**
   * Reads the file and publishes what changed. Throws a Failure if the file is not valid; the recipes
   * that were published before then stay on the board.
   */
  async refresh(): Promise<void> {
    const { host_id, home } = this.#starter
    const recipes = shownRecipes(await readRecipes(home))
    const text = JSON.stringify(recipes)
    if (text === this.#published) return
    await publishRecipes(this.#db, host_id, recipes)
    this.#published = text
  }

  /** Starts all runs that may start now. The first call takes over what an earlier agent submitted. */
  async startWaiting(): Promise<void> {
    const signal = this.#signal
    if (!this.#hasBegun) this.#follow()
    this.#hasBegun = true
    while (!signal.aborted && (await this.#startNext()));
  }

  /** Resolves after the end of the agent, when nothing is followed any more. */
  get done(): Promise<void> {
    return this.#slurm.done
  }

  #follow(): void {
    this.#slurm.begin(this.#signal, this.#listener.report)
  }

  /** Starts the next run in the queue; returns whether there was one. */
  async #startNext(): Promise<boolean> {
    const { host_id, home } = this.#starter
    const order = await claimOrder(this.#db, host_id)
    if (!order) return false
    const { order_id } = order
    try {
      const recipe = (await readRecipes(home)).get(order.recipe)
      if (!recipe) throw new Error(`This host has no recipe "${order.recipe}" now.`)
      if (recipe.launcher === 'slurm') {
        await recordSubmitted(this.#db, order_id, await submitOrdered(order, recipe, home))
        this.#follow()
        return true
      }
      const run = await startOrdered(order, recipe, home)
      await advanceOrder(this.#db, order_id, { state: 'started' })
      if (run) void this.#recordEnd(order_id, run).catch(this.#listener.report)
    } catch (error) {
      await advanceOrder(this.#db, order_id, { state: 'failed', error: errorText(error) })
    }
    return true
  }

  /** Records how the command ended. What its program did is in the job. */
  async #recordEnd(order_id: string, { exited, log }: OrderedRun): Promise<void> {
    const { code } = await exited
    this.#listener.onEnd()
    if (code !== EXIT.unstarted) return advanceOrder(this.#db, order_id, { state: 'ended' })
    const printed = (await textOfFile(log)).trim().split('\n').at(-1) ?? ''
    const error = printed || `bestmark run ended with exit code ${code}.`
    await advanceOrder(this.#db, order_id, { state: 'failed', error })
  }
}
