import { defineEnvVars } from '@sveltejs/kit/env'

const optional = (value: string | undefined) => value || undefined

export const variables = defineEnvVars({
  BESTMARK_HOME: { schema: optional, description: 'The data folder; .bestmark beside the code.' },
  DATABASE_URL: { schema: optional, description: 'A Postgres to use instead of the embedded one.' },
})
