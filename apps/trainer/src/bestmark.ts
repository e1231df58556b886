import { commandLine } from './commandLine.ts'

// Whoever read the output may be gone (a pager, a closed terminal). The command goes on.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })
}

process.exitCode = await commandLine(process.argv.slice(2))

// A database client whose connection broke may keep a socket open for ever. Nobody waits for it.
const leave = setInterval(() => {
  if (process.stdout.writableLength === 0) process.exit()
}, 100)
leave.unref()
