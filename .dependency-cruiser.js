/**
 * How the rooms lie above each other: no circle of files, none of folders, no import that runs
 * upward. Types count. `pnpm check` fails where one of these is broken.
 */
const rule = (name, from, to) => ({ name, severity: 'error', from, to })
const room = (path) => ({ path })

/** Rooms of the trainer that know nothing of those after them, from the lowest. */
const LOW = 'files|processes|journal|cli|checkpoints|sources'
const HIGH = 'board|recording|export|shipping|agent'

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    rule('no-circle', {}, { circular: true }),
    { ...rule('no-folder-circle', {}, { circular: true }), scope: 'folder' },
    rule('core-is-pure', { path: '^packages/core/src' }, { dependencyTypes: ['core'] }),
    rule('packages-know-no-app', room('^packages/'), room('^apps/')),
    rule(
      'core-knows-no-package',
      room('^packages/core/'),
      room('^(packages/|@bestmark/)(db|api|char-lm)'),
    ),
    rule('db-knows-no-api', room('^packages/db/'), room('^(packages/|@bestmark/)api')),
    rule('web-and-trainer-meet-in-the-database', room('^apps/web/'), room('^apps/trainer/')),
    rule(
      'trainer-knows-no-page',
      room('^apps/trainer/'),
      room('^(apps/web|packages/api|@bestmark/api)'),
    ),
    rule(
      'commands-are-on-top',
      {
        path: '^apps/trainer/src/',
        pathNot: '^apps/trainer/src/(commands/|(bestmark|commandLine)\\.ts)',
      },
      room('^apps/trainer/src/commands/'),
    ),
    rule(
      'files-are-read-below-what-records-them',
      room(`^apps/trainer/src/(${LOW})/`),
      room(`^apps/trainer/src/(${HIGH})/`),
    ),
    rule('routes-are-on-top', { path: '^apps/web/src/lib/' }, room('^apps/web/src/routes/')),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules' },
    // Tests may look wherever they must; the first files of the command line lead into every room.
    exclude: {
      path: '\\.test\\.ts$|[tT]esting\\.ts$|^apps/trainer/src/(main|bestmark|commandLine)\\.ts$|\\.svelte-kit/',
    },
  },
}
