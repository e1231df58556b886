import { figure, grouped, isFiniteMeasure, type TrainingJobStatus, visible } from '@bestmark/core'
import { unfinishedLines } from './terminal.ts'

const WIDTH = 24
const NEWLINE = 10

/** Shows the progress of a job. A terminal redraws one line; a log gets one line per 10 %. */
export class ProgressLine {
  readonly #out: NodeJS.WriteStream
  #shown = ''
  #tenth = -1
  /** A program printed half a line to the terminal. */
  #isMidLine = false

  constructor(out: NodeJS.WriteStream = process.stderr) {
    this.#out = out
  }

  show(job: TrainingJobStatus): void {
    const line = visible(progressText(job))
    if (this.#out.isTTY) {
      if (this.#isMidLine) return
      if (line !== this.#shown) this.#out.write(`\r\u001b[K${line.slice(0, this.#out.columns - 1)}`)
      this.#shown = line
      unfinishedLines.add(this.#endForMessage)
      return
    }
    const tenth = Math.floor((job.progress ?? 0) * 10)
    if (tenth !== this.#tenth) this.#out.write(`${line}\n`)
    this.#tenth = tenth
  }

  /** Clears the line before these bytes are printed. It is shown again after a line break. */
  clearFor(bytes: Uint8Array): void {
    if (this.#shown) this.#out.write('\r\u001b[K')
    this.#shown = ''
    this.#isMidLine = bytes.at(-1) !== NEWLINE
    if (this.#isMidLine) unfinishedLines.add(this.#endForMessage)
    else unfinishedLines.delete(this.#endForMessage)
  }

  /** Ends the line, so that the next output starts on a new line. */
  end(): void {
    if (this.#out.isTTY && this.#shown) this.#out.write('\n')
    this.#shown = ''
    if (!this.#isMidLine) unfinishedLines.delete(this.#endForMessage)
  }

  /** A message begins on a new line: it replaces this line, or follows half a line of the program. */
  readonly #endForMessage = (): void => {
    this.#out.write(this.#isMidLine ? '\n' : '\r\u001b[K')
    this.#shown = ''
    this.#isMidLine = false
    unfinishedLines.delete(this.#endForMessage)
  }
}

/** One line: a bar, the step, the time left, the losses and the best. */
function progressText(job: TrainingJobStatus): string {
  const { progress, current_step, total_steps, eta_seconds, loss, eval_loss } = job
  const filled = Math.round((progress ?? 0) * WIDTH)
  const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled)
  const parts = [
    `${job.name} ${bar} step ${grouped(current_step ?? 0)}${total_steps === null ? '' : ` of ${grouped(total_steps)}`}`,
    eta_seconds === null ? job.status : `${Math.ceil(eta_seconds)} s left`,
    isFiniteMeasure(loss) ? `loss ${figure(loss)}` : '',
    isFiniteMeasure(eval_loss) ? `eval_loss ${figure(eval_loss)}` : '',
    isFiniteMeasure(job.best_metric)
      ? `best ${figure(job.best_metric)} at step ${grouped(job.best_step)}`
      : '',
  ]
  return parts.filter(Boolean).join(' · ')
}
