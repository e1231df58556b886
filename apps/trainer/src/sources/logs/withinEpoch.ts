import type { LogRecord } from './logRecord.ts'

/** Whether steps go back when the epoch advances. */
export function isWithinEpoch(readings: readonly LogRecord[]): boolean {
  const training = readings.filter(({ step, epoch, metrics }) => {
    return step !== null && epoch !== null && Object.keys(metrics).length > 0
  })
  return training.some(({ step, epoch }, index) => {
    const before = training[index - 1]
    if (step === null || epoch === null || before?.step == null || before.epoch === null)
      return false
    return epoch > before.epoch && step <= before.step
  })
}
