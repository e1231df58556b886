import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SAME } from '../../processes/stopRequest.ts'
import { PassedSignals } from './signals.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function signalsTo(passed: NodeJS.Signals[]): PassedSignals {
  const program = {
    pid: 1,
    signal: (name: NodeJS.Signals) => void passed.push(name),
    moveEarlierOutput: () => undefined,
    exited: new Promise<never>(() => undefined),
    [Symbol.dispose]: () => undefined,
  }
  return new PassedSignals(program, 1_000_000)
}
const send = (name: NodeJS.Signals): void => void process.emit(name, name)

test('one Ctrl-C that arrives twice is passed once and does not cut the recording short', () => {
  const passed: NodeJS.Signals[] = []
  using signals = signalsTo(passed)
  send('SIGINT')
  signals.end()
  vi.advanceTimersByTime(SAME)
  send('SIGINT')
  expect(passed).toEqual(['SIGINT'])
  expect(signals.hurried.aborted).toBe(false)
  vi.advanceTimersByTime(SAME + 1)
  send('SIGINT')
  expect(signals.hurried.aborted).toBe(true)
})

test('a later Ctrl-C, or another signal, is passed too', () => {
  const passed: NodeJS.Signals[] = []
  using _signals = signalsTo(passed)
  send('SIGINT')
  send('SIGTERM')
  vi.advanceTimersByTime(SAME + 1)
  send('SIGINT')
  expect(passed).toEqual(['SIGINT', 'SIGTERM', 'SIGINT'])
})
