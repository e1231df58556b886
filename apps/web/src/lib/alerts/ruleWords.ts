import { KIND_WORDS, type ShownDestination } from '@bestmark/core'
import type { AlertRule } from '../api.ts'

/** The kinds of a rule, such as "run failed, no improvement for 5 evaluations". */
export function kindsText({ kinds, evaluations }: AlertRule): string {
  return kinds
    .map((kind) => {
      return kind === 'no_improvement'
        ? `${KIND_WORDS[kind]} for ${evaluations} ${evaluations === 1 ? 'evaluation' : 'evaluations'}`
        : KIND_WORDS[kind]
    })
    .join(', ')
}

/** Where a rule sends its messages, without its secret. */
export function receiverText({ host, to, type }: ShownDestination): string {
  if (type === 'email') return `${to.join(', ')} through ${host}`
  return type === 'desktop' ? 'on open pages that allow it' : `${host}/…`
}
