import { api } from '../api.ts'

let asked: Promise<string> | undefined

/**
 * Why policy `scored` cannot be chosen, as a backtest of the board's own runs explains it; empty
 * if it can. A replay takes long on a large board, so a page asks only once.
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
