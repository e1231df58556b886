/** Why a shipment is not approved. */
export type NoApproval =
  | 'unknown'
  | 'not_needed'
  | 'already_approved'
  | 'ended'
  | 'no_name'
  | 'not_a_person'
  | 'same_person'

/** What is known of an order that somebody wants to approve. */
export interface ApprovalFacts {
  needs_approval: boolean
  approved_at: number | null
  status: string
  /** Who ordered it, and the account of that person; null without one. */
  by: string | null
  by_person_id: string | null
}

/** Whether no agent takes an order, because no second person approved it yet. */
export function waitsForApproval(order: Omit<ApprovalFacts, 'by' | 'by_person_id'>): boolean {
  return order.needs_approval && order.approved_at === null && order.status === 'queued'
}

/** Whether two names are those of one person: blanks around them and capital letters do not count. */
function isSameName(one: string, other: string): boolean {
  return plainName(one) === plainName(other)
}

function plainName(name: string): string {
  return name.normalize('NFKC').trim().toLowerCase()
}

/** Who approves, and the account of that person; null without one. */
export interface Approver {
  name: string
  person_id: string | null
}

/**
 * Whether an order is that of its approver: the account decides, and the name where one of them has
 * none. If nobody is named who ordered it, anybody may be that person.
 */
function isOwn({ by, by_person_id }: ApprovalFacts, { name, person_id }: Approver): boolean {
  if (by_person_id !== null && person_id !== null) return by_person_id === person_id
  return by === null || isSameName(by, name)
}

/** Why a person cannot approve an order; null if the person can. */
export function noApproval(order: ApprovalFacts, approver: Approver): NoApproval | null {
  if (!order.needs_approval) return 'not_needed'
  if (order.approved_at !== null) return 'already_approved'
  if (!waitsForApproval(order)) return 'ended'
  if (plainName(approver.name) === '') return 'no_name'
  return isOwn(order, approver) ? 'same_person' : null
}

const TEXTS: Record<NoApproval, string> = {
  unknown: 'The ledger has no such shipment of this job.',
  not_needed: 'This shipment needs no approval.',
  already_approved: 'This shipment is approved already.',
  ended: 'This shipment has ended, so it cannot be approved. Order it again.',
  no_name: 'An approval needs the name of the person who approves.',
  not_a_person:
    'A token of a program cannot approve a shipment. A person approves it on the page Models.',
  same_person: 'The person who ordered a shipment cannot approve it. Ask a second person.',
}

/** Says why a shipment is not approved. */
export function noApprovalText(code: NoApproval): string {
  return TEXTS[code]
}
