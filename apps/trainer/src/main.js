#!/usr/bin/env node
// It imports the rest late: what Node loads before the compile cache is on is compiled anew by every
// command.
import '@bestmark/db/loader'

await import('./bestmark.ts')
