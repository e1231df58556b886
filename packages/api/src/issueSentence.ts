import { z } from 'zod'

/** What a sentence needs of a problem of an input. */
export const Issue = z.object({
  path: z.array(z.union([z.string(), z.number()])),
  message: z.string(),
  /** The names that the input does not take. */
  keys: z.array(z.string()).optional(),
})

interface Problem {
  path: readonly PropertyKey[]
  message: string
  keys?: readonly string[] | undefined
}

/** A problem of an input as a sentence that names the parameter. */
export function issueSentence(issue: Problem): string {
  const [unknown] = issue.keys ?? []
  if (unknown !== undefined) return `There is no parameter ${unknown}.`
  return `${issue.path.join('.') || 'The input'}: ${issue.message}.`
}
