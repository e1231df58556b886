import { replayHere, type ReplayOrder } from './replay.ts'

// Only `replayApart` starts this program. It sends one order and waits for one answer.
process.once('message', (order: ReplayOrder) => {
  process.send?.(replayHere(order))
})
