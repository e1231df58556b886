import { shellWord } from '@bestmark/core'

/** What to do if weights are in one folder and their log is in another. Several commands have the option. */
export function otherLogText(weights: string): string {
  const folders = `LOG_FOLDER --checkpoints ${shellWord(weights)}`
  return `If the log is in another folder, give both to pick, import or watch: ${folders}.`
}
