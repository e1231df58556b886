import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openHandle } from '../files/runFile.ts'
import { endLeftover, keepProcess } from '../processes/leftover.ts'
import { runCommand } from '../processes/timedCommand.ts'
import { type Delivered, type DeliveryOrder, NotDelivered } from './deliveryOrder.ts'
import { filledWord, type OptionsOf, type Placeholder } from './targetOptions.ts'

/** The variable of the program with the shipment's id. */
const ID = 'BESTMARK_DEPLOYMENT_ID'

/** How much of the end of each output is kept (bytes). */
const MOST_KEPT = 4_000

/**
 * Runs a target's program on a version and waits for its end. Its process group is killed at the time
 * limit and when the agent stops. A program of a killed agent is ended first. Throws NotDelivered if it does not exit with 0.
 */
export async function runTargetCommand(
  { argv, time_limit, environment }: OptionsOf<'command'>,
  order: DeliveryOrder,
  signal: AbortSignal,
): Promise<Delivered> {
  // One folder per shipment, so that the next agent removes what a killed one left.
  const logs = join(dirname(order.folder), `.output-${order.deployment_id}`)
  await endLeftover(logs, { name: ID, value: order.deployment_id })
  await rm(logs, { recursive: true, force: true })
  await mkdir(logs, { mode: 0o700 })
  const values = valuesOf(order)
  const [out, err] = [join(logs, 'out'), join(logs, 'err')]
  try {
    const { error } = await runCommand({
      argv: argv.map((word) => filledWord(word, values)),
      cwd: order.folder,
      env: environmentOf(environment, order),
      ...{ out, err, timeout: time_limit * 1_000, stop: signal },
      started: (pid) => keepProcess(logs, pid),
    })
    signal.throwIfAborted()
    const output = [await endOf(out), await endOf(err)].filter(Boolean).join('\n') || null
    if (error === null) return { output }
    throw new NotDelivered(`The program of target ${order.target} ${error}.`, output)
  } finally {
    await rm(logs, { recursive: true, force: true })
  }
}

/** What the placeholders stand for. What is unknown is empty. */
function valuesOf(order: DeliveryOrder): Record<Placeholder, string> {
  return {
    path: order.folder,
    model: order.model_name,
    step: String(order.step ?? ''),
    value: String(order.value ?? ''),
    target: order.target,
  }
}

/** Only the variables that the owner allows, and the id of the shipment. */
function environmentOf(
  names: readonly string[],
  { deployment_id }: DeliveryOrder,
): NodeJS.ProcessEnv {
  const allowed = names.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...Object.fromEntries(allowed), [ID]: deployment_id }
}

async function endOf(path: string): Promise<string> {
  await using file = await openHandle(path)
  const { size } = await file.stat()
  const buffer = Buffer.alloc(Math.min(size, MOST_KEPT))
  await file.read(buffer, 0, buffer.length, size - buffer.length)
  return buffer.toString('utf8').trim()
}
