export * from './schema/board.ts'
export * from './schema/deployments.ts'
export * from './schema/run.ts'
export * from './schema/trainingJobs.ts'
