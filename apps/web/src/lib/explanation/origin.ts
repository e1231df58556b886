import type { Origin } from '@bestmark/core'

/** Where a number was read, as editors take it: `trainer_state.json:88`. */
export function originText({ file, line }: Origin): string {
  return line === null ? file : `${file}:${line}`
}
