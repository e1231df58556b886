#!/usr/bin/env node
// It imports the rest late, because every command compiles again what Node loads before the compile
// cache is on.
import '@bestmark/db/loader'

await import('./bestmark.ts')
