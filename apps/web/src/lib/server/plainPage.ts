import { withSecurityHeaders, SCRIPTLESS_POLICY } from './headers.ts'

const STYLE = `:root { color-scheme: light dark }
body { margin: 15vh auto; max-width: 34em; padding: 0 24px; font: 15px/24px system-ui, sans-serif }
h1 { font-size: 22px; line-height: 32px }
code { font-family: ui-monospace, monospace; font-size: 13px; white-space: nowrap }`

export interface PlainPage {
  status: number
  title: string
  /** Our own sentences, never outside text, because they are put into the page unescaped. */
  sentences: readonly string[]
  /** Seconds after which the page reloads. */
  again?: number
  headers?: Record<string, string>
}

/** A page that needs no database, no cookie and no script. */
export function plainPage({ status, title, sentences, again, ...more }: PlainPage): Response {
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Bestmark</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${sentences.map((sentence) => `<p>${sentence}</p>`).join('\n')}
</main>
</body>
</html>`
  const headers = new Headers({
    ...more.headers,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': SCRIPTLESS_POLICY.replace(
      "style-src 'self'",
      "style-src 'unsafe-inline'",
    ),
  })
  if (again !== undefined) headers.set('refresh', String(again))
  return withSecurityHeaders(new Response(html, { status, headers }))
}
