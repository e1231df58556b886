import type { Origin } from '@bestmark/core'

/** The file and line of a number, in the form that editors open: `trainer_state.json:88`. */
export function originText({ file, line }: Origin): string {
  return line === null ? file : `${file}:${line}`
}
