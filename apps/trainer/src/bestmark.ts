import { commandLine } from './commandLine.ts'

// The reader of the output may have ended, such as a pager. The command continues.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  })
}

process.exitCode = await commandLine(process.argv.slice(2))

// A database client with a broken connection may keep a socket open for ever. Exit without it.
const leave = setInterval(() => {
  if (process.stdout.writableLength === 0) process.exit()
}, 100)
leave.unref()
