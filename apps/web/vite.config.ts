import adapter from '@sveltejs/adapter-node'
import { join } from 'node:path'
import { sveltekit } from '@sveltejs/kit/vite'
import { defineConfig } from 'vite'
import { visibleText } from './visibleText.ts'

/** Where a build goes that shares nothing with others which are made at the same time. */
const DRAFT = process.env['BESTMARK_BUILD']

export default defineConfig({
  plugins: [
    sveltekit({
      adapter: adapter({ precompress: true, out: DRAFT ? `${DRAFT}/pages` : 'build/pages' }),
      ...(DRAFT && { outDir: `${DRAFT}/kit` }),
      preprocess: [visibleText(join(import.meta.dirname, 'src'))],
      csp: {
        mode: 'hash',
        directives: {
          'default-src': ['none'],
          'script-src': ['self'],
          'style-src': ['self'],
          // Charts place their layers by style attributes; these cannot run or load anything.
          'style-src-attr': ['unsafe-inline'],
          'img-src': ['self', 'data:'],
          'media-src': ['self'],
          'connect-src': ['self'],
          'form-action': ['self'],
          'base-uri': ['none'],
          'frame-ancestors': ['none'],
        },
      },
      version: { pollInterval: 0 },
    }),
  ],
  build: { reportCompressedSize: false },
  // The server loads Bestmark's packages from their folders, not as a copy in its bundle. They find
  // the migrations and the programs of the database relative to these folders.
  environments: { ssr: { build: { rolldownOptions: { external: [/^@bestmark\//] } } } },
})
