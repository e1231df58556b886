import { Writable } from 'node:stream'
import type { TrainingJobStatus } from '@bestmark/core'
import { expect, test, vi } from 'vitest'
import { ProgressLine } from './progressLine.ts'
import { notify } from './terminal.ts'

/** A terminal that keeps what is written to it. */
function terminal(): { out: NodeJS.WriteStream; written: () => string } {
  let text = ''
  const out = new Writable({
    write(bytes, _encoding, done) {
      text += String(bytes)
      done()
    },
  })
  // The progress line uses only these properties of a terminal.
  const face = Object.assign(out, { isTTY: true, columns: 200 }) as unknown as NodeJS.WriteStream
  const written = (): string => {
    const before = text
    text = ''
    return before
  }
  return { out: face, written }
}

const job = (current_step: number) => {
  const steps = { name: 'moby', status: 'running', current_step, total_steps: 100, progress: 0.5 }
  const values = { eta_seconds: 12, loss: 1.5, eval_loss: null, best_metric: 1.25, best_step: 40 }
  // The progress line uses only these fields.
  return { ...steps, ...values } as unknown as TrainingJobStatus
}

test('a progress line shows the step, the total, the time left and the best', () => {
  const { out, written } = terminal()
  new ProgressLine(out).show(job(50))
  const words = ['step 50 of 100', '12 s left', 'loss 1.5', 'best 1.25', 'at step 40']
  const line = written()
  for (const word of words) expect(line).toContain(word)
})

test('control characters in a name are shown as escapes', () => {
  const { out, written } = terminal()
  new ProgressLine(out).show({ ...job(50), name: 'moby\u001b[2J\n\u202edick' })
  const start = '\r\u001b[Kmoby\\u001b[2J\\u000a\\u202edick '
  expect(written().slice(0, start.length)).toBe(start)
})

test('the line is cleared before a program prints, and shown again after its line break', () => {
  const { out, written } = terminal()
  const line = new ProgressLine(out)
  line.show(job(50))
  written()
  line.clearFor(Buffer.from('50%|###'))
  expect(written()).toBe('\r\u001b[K')
  line.show(job(51))
  expect(written()).toBe('')
  line.clearFor(Buffer.from('done\n'))
  line.show(job(51))
  expect(written()).toContain('step 51')
})

test("a message on a terminal begins on a new line, and never continues a program's progress bar", () => {
  const { out, written } = terminal()
  using _stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => out.write(text))
  const line = new ProgressLine(out)
  const message = (): string => {
    written()
    notify('found')
    return written()
  }
  line.clearFor(Buffer.from('50%|###'))
  expect(message()).toBe('\nfound\n')
  expect(message()).toBe('found\n')
  line.show(job(50))
  expect(message()).toBe('\r\u001b[Kfound\n')
  line.clearFor(Buffer.from('60%|####'))
  line.clearFor(Buffer.from('done\n'))
  expect(message()).toBe('found\n')
  line.clearFor(Buffer.from('100%|##'))
  line.end()
  expect(message()).toBe('\nfound\n')
})
