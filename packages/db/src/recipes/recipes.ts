import type { HostRecipe } from '@bestmark/core'
import { asc, eq } from 'drizzle-orm'
import type { Database } from '../connection/client.ts'
import { publish } from '../rows/published.ts'
import { hosts, recipes } from '../schema.ts'

/** A recipe of one host. */
export interface StoredRecipe extends HostRecipe {
  host_id: string
  host: string
  /** When the agent of that host last read its configuration. */
  read_at: number
}

/** Stores the recipes of a host in place of those that it published before. */
export async function publishRecipes(
  db: Database,
  host_id: string,
  published: readonly HostRecipe[],
): Promise<void> {
  await publish(db, recipes, host_id, published)
}

/** The recipes of all hosts, by name and host. */
export async function listRecipes(db: Database): Promise<StoredRecipe[]> {
  const rows = await db.orm
    .select({ recipe: recipes, host: hosts.hostname })
    .from(recipes)
    .innerJoin(hosts, eq(hosts.host_id, recipes.host_id))
    .orderBy(asc(recipes.name), asc(hosts.hostname))
  return rows.map(({ recipe, host }) => ({ ...recipe, host }))
}
