import { defineEnvVars } from '@sveltejs/kit/env'

const optional = (value: string | undefined) => value || undefined

export const variables = defineEnvVars({
  BESTMARK_HOME: { schema: optional, description: 'The data folder; .bestmark beside the code.' },
  BESTMARK_PAGES: { schema: optional, description: 'The folder of the built pages.' },
  BESTMARK_CODE: { schema: optional, description: 'The folder with the program `bestmark`.' },
  DATABASE_URL: { schema: optional, description: 'A Postgres to use instead of the embedded one.' },
})
