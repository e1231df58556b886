// The library of the accounts takes 155 MB, so only a board with accounts loads this module.
export { Accounts, type SignedIn } from '@bestmark/db/accounts'
