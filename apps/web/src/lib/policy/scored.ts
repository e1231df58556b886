import { api } from '../api.ts'

let answer: Promise<string> | undefined

/**
 * Why policy `scored` cannot be chosen, as a backtest of the board's own runs explains it; empty
 * if it can. A replay takes long on a large board, so a page asks only once.
 */
export function scoredBar(): Promise<string> {
  answer ??= api.backtest.run.query({ target: 'task' }).then(
    ({ scored }) => (scored.recommended ? '' : scored.text),
    (error: Error) => {
      answer = undefined
      return error.message
    },
  )
  return answer
}
