/** The longest prompt, and how much is written after it (characters). */
export const PROMPT = { longest: 200, answer: 240 } as const

/**
 * What became of a prompt. `late`: no agent answered in time. `failed`: a model could not be read, or did
 * not write.
 */
export type PromptState = 'queued' | 'answered' | 'failed' | 'late'
