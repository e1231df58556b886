import { expect, test } from 'vitest'
import { selfContained } from './selfContained.ts'

const page = (body: string) => `<!doctype html>
<html><head>
<link rel="icon" href="../favicon.svg" />
<link href="../_app/a.css" rel="stylesheet">
<link rel="modulepreload" href="../_app/a.js">
<script>alert(1)</script>
</head><body>${body}</body></html>`

test('styles are inlined, and the page fetches and runs nothing', async () => {
  const fetched: string[] = []
  const html = await selfContained(page('<p>best: step 5</p>'), async (href) => {
    fetched.push(href)
    return "p::after { content: '$&' }"
  })
  expect(fetched).toEqual(['../_app/a.css'])
  expect(html).toContain("content: '$&'")
  expect(html).toContain('<p>best: step 5</p>')
  expect(html).not.toMatch(/<link|<script|\shref=|\ssrc=/)
  expect(html.indexOf('content-security-policy')).toBeLessThan(html.indexOf('<body>'))
})

test('the link back to the board is removed, and other text is unchanged', async () => {
  const body = '<a class="screen s-1" href="../x">Back to\nthe job</a><code>link rel="x"</code>'
  const html = await selfContained(page(body), async () => '')
  expect(html).not.toContain('Back to')
  expect(html).toContain('<code>link rel="x"</code>')
})

test('a style that needs another file is refused, and the error names it', async () => {
  const made = selfContained(page(''), async () => "@font-face { src: url('x.woff2') }")
  await expect(made).rejects.toThrow('x.woff2')
  const inline = selfContained(page(''), async () => 'a { mask: url(data:image/svg+xml,x) }')
  await expect(inline).resolves.toContain('data:image')
})
