import type { HostRecipe } from '@bestmark/core'
import { join } from 'node:path'
import { optionalYaml } from '../files/optionalYaml.ts'
import { type RecipeOptions, RecipesConfig } from './recipeOptions.ts'

/** The agent owner's file with the recipes of a host, in the data folder. */
export const RECIPES_FILE = 'recipes.yaml'

/** The recipes of a host, by name. */
export type HostRecipes = ReadonlyMap<string, RecipeOptions>

/** Reads the recipes of a data folder. Throws a Failure with line and key if the file is not valid. */
export async function readRecipes(home: string): Promise<HostRecipes> {
  const config = await optionalYaml(join(home, RECIPES_FILE), RecipesConfig)
  return new Map(Object.entries(config?.recipes ?? {}))
}

/** What people may see of the recipes: not their words, which may have secrets. */
export function shownRecipes(recipes: HostRecipes): HostRecipe[] {
  return [...recipes].map(([name, { text, parameters, resume_argv, at_once }]) => {
    return { name, text, parameters, can_resume: resume_argv !== undefined, at_once }
  })
}
