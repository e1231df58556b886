/** The built-in training program: its name, its presets (the default first) and what it trains. */
export const CHAR_LM = {
  name: 'char-lm',
  presets: ['default', 'quick', 'long'],
  text: 'A character-level language model on the first chapters of Moby-Dick.',
} as const satisfies { name: string; presets: readonly [string, ...string[]]; text: string }
