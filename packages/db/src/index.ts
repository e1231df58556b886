export { recordHostAlive } from './agents/hostAlive.ts'
export { deriveAlerts } from './alerts/derivation.ts'
export {
  addTestAlert,
  alertDelivered,
  alertFailed,
  claimAlerts,
  forgetOldAlerts,
  listAlerts,
  type ClaimedAlert,
  type SentAlert,
} from './alerts/outbox.ts'
export { hasAlertRules, listRules, removeRule, saveRule, type ShownRule } from './alerts/rules.ts'
export { privateFolder, makeHomePrivate } from './access/privateFiles.ts'
export {
  type ApiToken,
  apiTokenEnd,
  apiTokenOf,
  createApiToken,
  isApiSecret,
  listApiTokens,
  revokeApiToken,
  type TokenEnd,
} from './access/apiTokens.ts'
export { audited, type AuditEntry, listAudit } from './access/audit.ts'
export { BoardAccess } from './access/boardAccess.ts'
export { type Serving, servingOf } from './accounts/serving.ts'
export {
  type Invitation,
  invitationOf,
  invite,
  listInvitations,
  type OpenInvitation,
  resetPassword,
  withdrawInvitation,
} from './accounts/invitations.ts'
export {
  changeRole,
  endSessions,
  hasAdmin,
  type ListedPerson,
  listPeople,
  type Person,
  personNamed,
  removePerson,
} from './accounts/people.ts'
export { isSessionOpen } from './accounts/sessionState.ts'
export { setupSecret } from './accounts/setup.ts'
export * from './backtest/backtest.ts'
export { BoardInUse, BoardNotEmpty, RESTORING } from './backup/boardUse.ts'
export { type BackupFile, checkBackup, restoreBackup } from './backup/restoreBackup.ts'
export { writeBackup } from './backup/writeBackup.ts'
export { openBoard } from './board/openBoard.ts'
export { compareJobs, hasComparableJobs, type ComparedJobs } from './comparison/compareJobs.ts'
export * from './rows/board.ts'
export { type HostNews, listenToHost } from './rows/hostNews.ts'
export * from './hosts/hosts.ts'
export { distribute, type DistributedStep, type Distribution } from './distribution/distribute.ts'
export * from './selection/checkpoints.ts'
export { type CheckpointMark } from './selection/checkpointMarks.ts'
export { type CheckpointPage } from './selection/checkpointPage.ts'
export { checkpointId } from './rows/checkpointRows.ts'
export * from './connection/client.ts'
export { type DatabaseOptions, openDatabase } from './connection/openDatabase.ts'
export { Replica } from './board/replica.ts'
export { bestEffort, REMOVING } from './connection/bestEffort.ts'
export { PAGES } from './connection/limits.ts'
export type { SeriesDelta } from './series/deltas.ts'
export { type ShippingAdvice, shippingAdvice } from './deployments/advice.ts'
export * from './deployments/claim.ts'
export {
  type Deployment,
  deploymentById,
  listDeployments,
  liveDeployments,
} from './deployments/deployments.ts'
export { checkOrderConditions, createDeployment, exportedRefusal } from './deployments/order.ts'
export { rollBack } from './deployments/rollBack.ts'
export { approveDeployment, NotApproved } from './deployments/approve.ts'
export { withdrawDeployment } from './deployments/withdraw.ts'
export { stopEmbedded } from './connection/embedded/embedded.ts'
export { takeTurn } from './connection/embedded/turn.ts'
export * from './ingest/ingestRefused.ts'
export { type JournalOffset } from './ingest/sentCursor.ts'
export {
  LARGEST_JOURNAL,
  recordSent,
  type SenderLimit,
  sentOffset,
  type SentPiece,
} from './ingest/sentJournal.ts'
export * from './ingest/sentSamples.ts'
export * from './ingest/sentScores.ts'
export * from './jobs/changeJobs.ts'
export { purgeDeletedJobs } from './jobs/deletedJobs.ts'
export * from './jobs/examples.ts'
export * from './exported/exported.ts'
export * from './jobs/files.ts'
export { collectGarbage, releaseMemoryWhenIdle } from './idleMemory.ts'
export * from './jobs/findCheckpoints.ts'
export * from './connection/home.ts'
export * from './connection/hostId.ts'
export * from './hosts/fullDisks.ts'
export { columnChoices, type ColumnChoice } from './jobs/jobColumns.ts'
export * from './jobs/jobDetail.ts'
export * from './history/jobHistory.ts'
export * from './jobs/jobList.ts'
export * from './jobs/jobs.ts'
export * from './jobs/registration.ts'
export { type HostedJob, hostedJobs } from './jobs/hostedJobs.ts'
export { archivePartJob } from './jobs/partJobs.ts'
export { assertConditions, HeldBack } from './deployments/conditions.ts'
export { type HostTarget, listTargets, publishTargets } from './targets/targets.ts'
export { listRecipes, publishRecipes, type StoredRecipe } from './recipes/recipes.ts'
export * from './recipes/orders.ts'
export * from './recipes/submitted.ts'
export { advanceOrder, claimOrder, type ClaimedOrder } from './recipes/claim.ts'
export type { LogLine } from './logs/logLine.ts'
export { jobLogPage, jobLogs, lastTraceback, type LogPage } from './logs/logPage.ts'
export * from './connection/migrate.ts'
export * from './policies/policies.ts'
export { type PolicyFor } from './rows/projectPolicy.ts'
export { EXPORTED, SENT } from './rows/job.ts'
export { ownEvaluations } from './record/ownEvaluations.ts'
export * from './record/record.ts'
export * from './values/refused.ts'
export { type JobRow, type ShippedContents } from './schema.ts'
export * from './samples/sampleFiles.ts'
export * from './samples/sampleList.ts'
export { LARGEST_CONTENT, MOST_CONTENT } from './samples/limits.ts'
export { fileSampleId } from './samples/recordSamples.ts'
export { selectionOf } from './selection/selection.ts'
export * from './values/root.ts'
export * from './series/series.ts'
export { boardSpace, compactBoard, vacuumBoard, type BoardSpace } from './retention/boardSpace.ts'
export { keepPointsDays, setKeepPointsDays } from './retention/keepPoints.ts'
export { removeOldPoints } from './retention/oldPoints.ts'
export { restoreShipments, type Shipment } from './deployments/shipments.ts'
export * from './jobs/silence.ts'
export * from './connection/unavailable.ts'
export * from './values/uuid.ts'
export { listViews, removeView, saveView } from './views/views.ts'
export { type Audience, audienceOf } from './watch/audience.ts'
export * from './watch/watch.ts'
export { type BoardNews, watchBoard } from './watch/boardReader.ts'
export {
  endCheck,
  type ModelCheck,
  openCheck,
  type OpenCheck,
  orderCheck,
} from './models/checks.ts'
export {
  answerPrompt,
  type OpenPrompt,
  openPrompt,
  orderPrompt,
  type Prompt,
  type Written,
} from './models/prompts.ts'
export { type LedgerEntry } from './models/ledger.ts'
export { listModels, type LiveModel, type Model, modelNamed } from './models/models.ts'
