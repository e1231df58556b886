import { ownValue, type ParameterValues, parameterValues, RecipeParameter } from '@bestmark/core'
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { SBATCH_OPTION } from './sbatchOption.ts'

/** What {…} in a recipe's words stands for, beside its parameters. */
const BUILT_IN = ['folder', 'name', 'checkpoint'] as const
/** A placeholder, or what is written like one. */
const LIKE_ONE = /\{([A-Za-z_]\w*)\}/g

const Name = z
  .string()
  .regex(/^[A-Za-z][\w-]{0,63}$/, 'at most 64 letters, digits, dashes and underscores')
const ParameterName = z
  .string()
  .regex(/^[A-Za-z_]\w{0,63}$/, 'at most 64 letters, digits and underscores')
  .refine((name) => !BUILT_IN.some((one) => one === name), 'not folder, name or checkpoint')
const Words = z.array(z.string()).min(1).max(1_000)

/** How the jobs of a recipe are submitted to Slurm. `options` are more options of sbatch. */
const SlurmOptions = z.strictObject({
  partition: z.string().min(1).optional(),
  time: z.string().min(1).optional(),
  gres: z.string().min(1).optional(),
  options: z
    .array(z.string().regex(SBATCH_OPTION, 'an option of sbatch, such as --mem=32G'))
    .default([]),
})

/** A training program that may be started from the board. No shell reads its words. */
export const RecipeOptions = z
  .strictObject({
    text: z.string().max(200).default(''),
    argv: Words,
    /** Continues a run from {checkpoint}. Without it runs of this recipe cannot be resumed. */
    resume_argv: Words.optional(),
    /** Where the program starts: the folder of its code. */
    directory: z.string().refine(isAbsolute, 'an absolute path'),
    parameters: z.record(ParameterName, RecipeParameter).default({}),
    at_once: z.number().int().min(1).max(1_000).default(1),
    /** What starts its runs: the agent itself, or jobs of Slurm. */
    launcher: z.enum(['agent', 'slurm']).default('agent'),
    slurm: SlurmOptions.optional(),
  })
  .superRefine(({ argv, resume_argv = [], parameters, launcher, slurm }, context) => {
    if (slurm && launcher !== 'slurm') {
      const message = 'it needs launcher: slurm'
      context.addIssue({ code: 'custom', message, path: ['slurm'] })
    }
    for (const [name, parameter] of Object.entries(parameters)) {
      const only = { [name]: parameter }
      const isRefused = parameter.default !== undefined && 'problem' in parameterValues(only, {})
      const message = 'the default is not an allowed value'
      if (isRefused)
        context.addIssue({ code: 'custom', message, path: ['parameters', name, 'default'] })
    }
    const allowed: readonly string[] = [...BUILT_IN.slice(0, 2), ...Object.keys(parameters)]
    checkWords('argv', argv, allowed, context)
    checkWords('resume_argv', resume_argv, [...allowed, 'checkpoint'], context)
  })
export type RecipeOptions = z.infer<typeof RecipeOptions>

/** The whole configuration. */
export const RecipesConfig = z.strictObject({ recipes: z.record(Name, RecipeOptions) })

function checkWords(
  key: 'argv' | 'resume_argv',
  words: readonly string[],
  allowed: readonly string[],
  context: z.RefinementCtx,
): void {
  for (const [at, word] of words.entries()) {
    for (const [, name = ''] of word.matchAll(LIKE_ONE)) {
      if (allowed.includes(name)) continue
      const message = `{${name}} is unknown; use ${allowed.map((one) => `{${one}}`).join(', ')}`
      context.addIssue({ code: 'custom', message, path: [key, at] })
    }
  }
}

/** Checked words with their placeholders replaced. A value is part of its word, never a word more. */
export function filledWords(words: readonly string[], values: ParameterValues): string[] {
  return words.map((word) =>
    word.replaceAll(LIKE_ONE, (written, name: string) => String(ownValue(values, name) ?? written)),
  )
}
