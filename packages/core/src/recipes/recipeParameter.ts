import { z } from 'zod'

const Text = z.string().max(200).optional()

/**
 * A parameter of a recipe, with what its values may be. A parameter without a default must be given.
 * Bounds belong to what is allowed.
 */
export const RecipeParameter = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.enum(['number', 'integer']),
      minimum: z.number(),
      maximum: z.number(),
      default: z.number().optional(),
      text: Text,
    }),
    z.strictObject({
      type: z.literal('choice'),
      choices: z.array(z.string().min(1).max(200)).min(1).max(100),
      default: z.string().optional(),
      text: Text,
    }),
    z.strictObject({
      type: z.literal('text'),
      /** The most characters. */
      longest: z.number().int().min(1).max(2_000).default(200),
      default: z.string().optional(),
      text: Text,
    }),
  ])
  .superRefine((parameter, context) => {
    if ('minimum' in parameter && parameter.minimum > parameter.maximum)
      context.addIssue({ code: 'custom', message: 'minimum is above maximum', path: ['minimum'] })
  })
export type RecipeParameter = z.infer<typeof RecipeParameter>

/** The parameters of a recipe, by name. */
export type RecipeParameters = Record<string, RecipeParameter>
