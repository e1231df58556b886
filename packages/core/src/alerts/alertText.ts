import { lastLine } from '../lastLine.ts'
import { isFiniteMeasure, type Measured } from '../measured.ts'
import { figure, grouped } from '../metric/figure.ts'
import { visible } from '../visible.ts'
import type { Alert, AlertBest } from './alert.ts'

/** The most characters of a name or an error in a message. */
const MOST = { name: 120, error: 300 }

/** An alert as one sentence on one line, such as "Job moby: new best eval_loss 0.412 at step 500". */
export function alertText(alert: Alert, job_name: string | null): string {
  const what = whatHappened(alert)
  return job_name === null ? what : `Job ${short(job_name, MOST.name)}: ${what}`
}

function whatHappened(alert: Alert): string {
  switch (alert.kind) {
    case 'new_best':
      return `new best ${bestWords(alert.best)}${previousWords(alert.best, alert.previous)}`
    case 'no_improvement': {
      const count = alert.evaluations === 1 ? 'evaluation' : `${alert.evaluations} evaluations`
      const best = alert.best ? `; the best is ${bestWords(alert.best)}` : ''
      return `no improvement in the last ${count}${best}`
    }
    case 'nan': {
      const value = alert.value === null ? 'missing' : String(alert.value)
      return `${short(alert.metric, MOST.name)} is ${value} at step ${grouped(alert.step)}`
    }
    case 'failed':
      return alert.error ? `failed: ${short(lastLine(alert.error), MOST.error)}` : 'failed'
    case 'lost':
      return 'lost: it logs nothing any more, and no end was logged'
    case 'ended': {
      const best = alert.best
        ? `; the best is ${bestWords(alert.best)}`
        : '; it has no best checkpoint'
      return `${alert.status}${best}`
    }
    case 'live_not_best': {
      const live = alert.live_step === null ? '' : ` (step ${grouped(alert.live_step)})`
      const model = short(alert.model_name, MOST.name)
      return `the live model ${model}${live} is no longer the best; ${bestWords(alert.best)} is better`
    }
    case 'test':
      return 'This is a test message from Bestmark. Alerts arrive here.'
  }
}

function bestWords({ metric, value, step }: AlertBest): string {
  return `${short(metric ?? 'checkpoint', MOST.name)}${valueWords(value)}${stepWords(step)}`
}

function previousWords(best: AlertBest, previous: AlertBest | null): string {
  if (!previous) return ''
  const { metric: name } = previous
  const metric = name === null || name === best.metric ? '' : ` ${short(name, MOST.name)}`
  const at = previous.step === null ? '' : ` at ${grouped(previous.step)}`
  return ` (was${metric}${valueWords(previous.value)}${at})`
}

function valueWords(value: Measured): string {
  return isFiniteMeasure(value) ? ` ${figure(value)}` : ''
}

function stepWords(step: number | null): string {
  return step === null ? '' : ` at step ${grouped(step)}`
}

function short(text: string, most: number): string {
  const whole = visible(text.trim())
  return whole.length > most ? `${whole.slice(0, most - 1).toWellFormed()}…` : whole
}
