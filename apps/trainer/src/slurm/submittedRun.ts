import type { ClaimedOrder } from '@bestmark/db'
import { orderedCommand } from '../recipes/orderedRun.ts'
import type { RecipeOptions } from '../recipes/recipeOptions.ts'
import { submitBatch } from './batch.ts'
import { printedBy } from './shownJob.ts'

/**
 * Submits the command of an order to Slurm, and returns the number of its job. If an agent that was
 * killed had submitted it already, it is the number of that job. Throws a Failure with what sbatch says.
 */
export async function submitOrdered(
  order: ClaimedOrder,
  recipe: RecipeOptions,
  home: string,
): Promise<string> {
  const { log, ...command } = await orderedCommand(order, recipe, home)
  const comment = `bestmark ${order.order_id}`
  const before = order.was_taken ? await submittedBefore(comment) : undefined
  if (before !== undefined) return before
  const { partition, time, gres, options = [] } = recipe.slurm ?? {}
  const wanted = Object.entries({ partition, time, gres }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  )
  return submitBatch({
    ...command,
    ...{ name: order.name, options: [...wanted, ...options], comment },
    // `bestmark run` keeps the output in the folder of the run.
    ...{ out: '/dev/null', err: log, mode: 'append' },
  })
}

/** The job that was submitted with a comment and has not ended. */
async function submittedBefore(comment: string): Promise<string | undefined> {
  const lines = (await printedBy('squeue', ['--noheader', '--format=%A %k']))?.split('\n') ?? []
  const line = lines.find((one) => one.trim().replace(/^\d+ /, '') === comment)
  return line?.trim().split(' ')[0]
}
