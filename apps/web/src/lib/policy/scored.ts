import { api } from '../api.ts'

let asked: Promise<string> | undefined

/**
 * Why policy `scored` cannot be chosen, in the words of a backtest over the board's own runs; empty
 * where it recommends it. Replaying takes a while on a large board, so a page asks once.
 */
export function scoredBar(): Promise<string> {
  asked ??= api.backtest.run.query({ target: 'task' }).then(
    ({ scored }) => (scored.recommended ? '' : scored.text),
    (error: Error) => {
      asked = undefined
      return error.message
    },
  )
  return asked
}
