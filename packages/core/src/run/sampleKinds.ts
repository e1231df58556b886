import { z } from 'zod'

/** What a model makes that people can judge. */
export const SampleKind = z.enum(['text', 'image', 'audio'])
export type SampleKind = z.infer<typeof SampleKind>

/**
 * Why a sample's file can be shown or not: `inline` has text and no file, an `unread` one was not
 * opened yet, a `stored` one is on the board, a `dropped` one was removed to make space for newer
 * ones.
 */
export const ContentState = z.enum([
  'inline',
  'unread',
  'stored',
  'dropped',
  'too_large',
  'not_media',
  'outside',
  'missing',
])
export type ContentState = z.infer<typeof ContentState>
