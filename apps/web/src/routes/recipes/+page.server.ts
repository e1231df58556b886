import { isId } from '#lib/id.ts'
import type { PageServerLoad } from './$types'

export const load: PageServerLoad = async ({ locals, url }) => {
  const { recipes } = locals.api
  const from = url.searchParams.get('from') ?? ''
  const [listed, orders, copied] = await Promise.all([
    recipes.list(),
    recipes.orders(),
    // Another text copies nothing.
    isId(from) ? recipes.ofJob({ job_id: from }) : null,
  ])
  return { recipes: listed, orders, copied }
}
