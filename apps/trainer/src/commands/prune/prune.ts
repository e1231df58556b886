import { bytesText, measuredJson, type Prunable, retention, type Retention } from '@bestmark/core'
import { parse } from '../../cli/parse.ts'
import { EXIT, Failure, errorText } from '../../failure.ts'
import { type Leftover, findLeftovers, removeLeftover } from './leftovers.ts'
import { PRUNE } from './prune.table.ts'
import { prunedRun, type PrunedRun } from './prunedRun.ts'
import { removeFiles } from './removal.ts'
import { print, notify } from '../../cli/terminal.ts'

/** Lists the checkpoints to remove, and removes them with --yes. Returns 1 if there are none. */
export async function main(words: readonly string[]): Promise<number> {
  const { values, args } = parse(words, PRUNE)
  const { 'keep-best': keep_best, 'keep-last': keep_last } = values
  const keeping = { keep_best, keep_last }
  await using run = await prunedRun(args.RUN)
  const decide = async (): Promise<Retention> => {
    const { checkpoints, selection } = await run.look()
    if (selection.best || keep_best === 0) {
      return assertBestStays(
        run,
        selection.best?.path ?? null,
        retention(checkpoints, selection, keeping),
      )
    }
    throw new Failure(
      `${run.name} has no best checkpoint (${selection.reason}), so nothing is removed. ` +
        'Use --keep-best 0 to keep only the last ones.',
    )
  }
  const plan: Plan = { ...(await decide()), left: await findLeftovers(run.root) }
  const [goes, left] = [plan.goes.length, plan.left.length]
  if (!values.json) print(...plainPlan(run, plan))
  const cleared = values.yes ? await clear(run, plan.left) : []
  const removed = values.yes && goes > 0 ? await removeAll(run, plan.goes, decide) : []
  const gone = { removed, cleared }
  if (values.json) print(measuredJson(resultOf(run, plan, gone)))
  else print(summaryText(plan, gone, values.yes))
  if (values.yes && (removed.length < goes || cleared.length < left)) return EXIT.unusable
  return goes + left > 0 ? EXIT.found : EXIT.nothing
}

/** Throws a Failure if the best is not kept: then prune did not find its files. */
function assertBestStays(
  { name, root }: PrunedRun,
  best: string | null,
  plan: Retention,
): Retention {
  if (best === null || plan.stays.some(({ checkpoint }) => checkpoint.path === best)) {
    return plan
  }
  throw new Failure(
    `The best checkpoint of ${name}, ${best}, was not found in ${root}, so nothing is removed.`,
  )
}

/** What is kept, what is removed, and the leftovers of interrupted prunes. */
interface Plan extends Retention {
  left: Leftover[]
}

interface Gone {
  removed: Prunable[]
  cleared: Leftover[]
}

async function clear({ root }: PrunedRun, left: readonly Leftover[]): Promise<Leftover[]> {
  const cleared: Leftover[] = []
  for (const one of left) {
    try {
      await removeLeftover(root, one)
      cleared.push(one)
    } catch (error) {
      notify(`bestmark: ${errorText(error)}`)
    }
  }
  return cleared
}

/** Decides again before each removal, since a run that trains may have a new best. */
async function removeAll(
  run: PrunedRun,
  goes: readonly Prunable[],
  decide: () => Promise<Retention>,
): Promise<Prunable[]> {
  const removed: Prunable[] = []
  for (const checkpoint of goes) {
    const { path } = checkpoint
    try {
      const isStillRemoved = (await decide()).goes.some((row) => row.path === path)
      if (!isStillRemoved)
        throw new Failure(`${path} must now be kept (the ranking changed), so it was not removed.`)
      await removeFiles(run.root, path)
      await run.recordRemoval(checkpoint)
      removed.push(checkpoint)
    } catch (error) {
      notify(`bestmark: ${errorText(error)}`)
    }
  }
  return removed
}

function plainPlan({ name, root }: PrunedRun, { stays, goes, left }: Plan): string[] {
  const line = (
    { path, bytes }: Pick<Prunable, 'path' | 'bytes'>,
    verb: string,
    why = '',
  ): string => `  ${verb}  ${path.padEnd(20)} ${bytesText(bytes).padStart(9)}  ${why}`.trimEnd()
  return [
    `${name} in ${root}:`,
    ...stays.map(({ checkpoint, why }) => line(checkpoint, 'keep  ', why.join(', '))),
    ...goes.map((checkpoint) => line(checkpoint, 'remove')),
    ...left.map((one) => line(one, 'remove', 'left by an interrupted prune')),
  ]
}

function summaryText({ goes, left }: Plan, { removed, cleared }: Gone, yes: boolean): string {
  const words = [
    goes.length > 0 && counted(goes.length, 'checkpoint', 'checkpoints'),
    left.length > 0 && counted(left.length, 'leftover', 'leftovers'),
  ]
  const all = words.filter(Boolean).join(' and ')
  if (all === '') return 'Nothing to remove.'
  if (!yes)
    return `Would remove ${all}, ${bytesText(bytesOf([...goes, ...left]))}. Add --yes to remove them.`
  const gone = [...removed, ...cleared]
  return `Removed ${gone.length} of ${all}, ${bytesText(bytesOf(gone))}.`
}

function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`
}

function resultOf(run: PrunedRun, { stays, goes, left }: Plan, { removed, cleared }: Gone): object {
  const face = ({ attempt, step, path, bytes }: Prunable) => ({ attempt, step, path, bytes })
  return {
    ...{ job_id: run.job_id, name: run.name, root: run.root },
    stays: stays.map(({ checkpoint, why }) => ({ ...face(checkpoint), why })),
    goes: goes.map(face),
    left,
    bytes: bytesOf([...goes, ...left]),
    removed: [...removed, ...cleared].map(({ path }) => path),
  }
}

function bytesOf(files: readonly Pick<Prunable, 'bytes'>[]): number {
  return files.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)
}
