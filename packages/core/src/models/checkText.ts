/**
 * What a check of shipped files found. `gone`: the folder or its manifest is missing. `differs`: a file
 * was changed, removed or added. `not_current`: the files are as they were, but `current` links to
 * another folder. `failed`: they could not be read.
 */
export type ModelCheckState = 'queued' | 'same' | 'differs' | 'gone' | 'not_current' | 'failed'

const FOUND: Record<ModelCheckState, string> = {
  queued: 'The agent on the host compares the files…',
  same: 'The files are as they were shipped',
  differs: 'The files were changed after they were shipped',
  gone: 'The shipped files are gone. Roll back, or ship again',
  not_current: '“current” links to another version. Ship or roll back again',
  failed: 'The files could not be read',
}

/** Says what the last check of shipped files found, and what to do. */
export function checkText(state: ModelCheckState, detail: string | null): string {
  return detail === null ? `${FOUND[state]}.` : `${FOUND[state]}: ${detail}.`
}
