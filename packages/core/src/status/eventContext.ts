import { ownValue } from '../named.ts'
import type { RunContext } from '../run/context.ts'
import type { TrainingEvent } from '../run/event.ts'
import { LossLog } from '../run/lossLog.ts'
import { isActive } from './states.ts'
import { initialTracker, track } from './tracker.ts'

/** The context of a run, from its whole history. O(events). */
export function contextOf(events: readonly TrainingEvent[]): RunContext {
  const losses = new LossLog()
  const logged = new Set<string>()
  const context: RunContext = {}
  let state = initialTracker()
  let beside: RunContext['config'] = {}
  for (const event of events) {
    state = track(state, event)
    if (event.type === 'setup') beside = { ...beside, ...event.config }
    if (event.type === 'started') {
      if (Object.keys(event.config).length > 0) context.config = event.config
      if (event.project !== null) context.project = event.project
    }
    if (event.type !== 'metrics') continue
    for (const name of Object.keys(event.values)) logged.add(name)
    const { loss } = event.values
    if (loss !== undefined) losses.add(event, loss)
  }
  const { loss_scale, loss_unit, save_steps, current_epoch, status } = state.facts
  const config = { ...beside, ...context.config }
  return {
    ...context,
    ...(Object.keys(config).length > 0 && { config }),
    ...{ loss_scale, loss_unit, save_steps, current_epoch },
    trainLoss: (weights) => losses.before(weights),
    before: seriesFinder(events),
    logged: [...logged],
    alive: isActive(status),
  }
}

/** Finds values of any training series. Each series is read when it is first asked for. */
function seriesFinder(events: readonly TrainingEvent[]): NonNullable<RunContext['before']> {
  const series = new Map<string, LossLog>()
  return (name, at) => {
    const log = series.get(name) ?? seriesLog(events, name)
    series.set(name, log)
    return log.before(at)
  }
}

function seriesLog(events: readonly TrainingEvent[], name: string): LossLog {
  const log = new LossLog()
  for (const event of events) {
    if (event.type !== 'metrics') continue
    const value = ownValue(event.values, name)
    if (value !== undefined) log.add(event, value)
  }
  return log
}
