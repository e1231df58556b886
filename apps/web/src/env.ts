import { defineEnvVars } from '@sveltejs/kit/env'

const optional = (value: string | undefined) => value || undefined

export const variables = defineEnvVars({
  BESTMARK_HOME: { schema: optional, description: 'The data folder; .bestmark beside the code.' },
  BESTMARK_PAGES: { schema: optional, description: 'The folder of the built pages.' },
  BESTMARK_CODE: { schema: optional, description: 'The folder with the program `bestmark`.' },
  HOST: { schema: optional, description: 'The address to listen on.' },
  BESTMARK_URL: { schema: optional, description: 'The address that browsers open.' },
  BESTMARK_PROXIES: { schema: optional, description: 'Addresses of trusted proxies.' },
  BESTMARK_TLS_CERT: { schema: optional, description: 'The file of the certificate.' },
  BESTMARK_TLS_KEY: { schema: optional, description: 'The file of its key.' },
  BESTMARK_OIDC_ISSUER: { schema: optional, description: 'The provider of the sign-in.' },
  BESTMARK_OIDC_CLIENT_ID: { schema: optional, description: 'The id of this board there.' },
  BESTMARK_OIDC_CLIENT_SECRET: { schema: optional, description: 'Its secret.' },
  BESTMARK_OIDC_DOMAINS: { schema: optional, description: 'Whose e-mail addresses may sign in.' },
  BESTMARK_OIDC_ROLE: { schema: optional, description: 'The role of new people.' },
  DATABASE_URL: { schema: optional, description: 'A Postgres to use instead of the embedded one.' },
  DATABASE_LISTEN_URL: { schema: optional, description: 'The same without a pool, to listen.' },
  DATABASE_READ_URL: { schema: optional, description: 'A replica of it, for reading.' },
})
