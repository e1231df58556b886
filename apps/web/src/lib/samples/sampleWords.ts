import type { Sample } from '../api.ts'
import { bytesText } from '@bestmark/core'

/** Why a sample's file is not shown; empty if it is. */
export function absentWords({ content_state, bytes, path }: Sample): string {
  const file = path ?? 'The file'
  switch (content_state) {
    case 'inline':
    case 'stored':
      return ''
    case 'unread':
      return `${file} is not read yet.`
    case 'dropped':
      return `${file} is only in the run's folder. The board has space for the newest samples and the best ones.`
    case 'too_large':
      return `${file} is too large to show${bytes === null ? '' : ` (${bytesText(bytes)})`}.`
    case 'not_media':
      return `${file} is not an image or a sound that can be shown.`
    case 'outside':
      return `${file} is not in the run's folder, so it is not opened.`
    case 'missing':
      return `${file} is missing.`
  }
}

/** What a picture or a sound is, for those who do not see or hear it. */
export function sampleLabel({ kind, prompt, prompt_index }: Sample, step: string): string {
  return `${kind === 'image' ? 'Image' : 'Sound'} of ${step}: ${prompt ?? `prompt ${prompt_index + 1}`}`
}
