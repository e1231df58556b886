import { type Measured, measuredJson } from '@bestmark/core'

/** A note names at most this many values. */
const MOST = 6

/** Times, rates and sizes of an evaluation are not results. */
const OF_THE_MACHINE = /(^|_)(runtime|per_second|samples|steps)$/

/** Values for a note: `eval_accuracy 0.9, eval_loss 0.3`. */
export function valuesText(values: Readonly<Record<string, Measured>>): string {
  const all = Object.entries(values).filter(([name]) => !OF_THE_MACHINE.test(name))
  const shown = all.slice(0, MOST).map(([name, value]) => {
    return `${name} ${typeof value === 'number' ? Number(value.toPrecision(5)) : measuredJson(value)}`
  })
  const more = all.length > MOST ? [`and ${all.length - MOST} more`] : []
  return [...shown, ...more].join(', ')
}
