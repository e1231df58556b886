import { deniedTo } from '@bestmark/api/board'
import type { LayoutServerLoad } from './$types'

export const load: LayoutServerLoad = ({ locals: { person, caller } }) => ({
  person: person ? { name: person.name, role: person.role } : null,
  denied: caller ? deniedTo(caller) : [],
})
