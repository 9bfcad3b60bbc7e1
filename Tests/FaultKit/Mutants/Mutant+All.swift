/// A mistake and the trial that shows it; without the mistake nothing is wrong there.
struct MutantCase: Sendable {
    let make: @Sendable () -> any Mutant
    let trial: String

    static let all: [MutantCase] = [
        MutantCase(
            make: { JournalAfterEffect() },
            trial: "branch: crash-after at write POST digitalocean/v2/databases/*/users #1"),
        MutantCase(
            make: { InventoryAheadOfDelete() },
            trial: "expired: crash-before at write DELETE digitalocean/v2/databases/*/dbs/odoo_feature_loyalty #1"),
        MutantCase(
            make: { DeleteUnobserved() },
            trial: "expired: crash-before at write DELETE digitalocean/v2/databases/*/dbs/odoo_feature_loyalty #1"),
        MutantCase(make: { FenceUnchecked() }, trial: "created: taken-over at write POST digitalocean/v2/droplets #1"),
        MutantCase(
            make: { ShardFenceUnchecked() }, trial: "sharded: taken-over at write POST digitalocean/v2/droplets #1"),
        MutantCase(make: { SilentServiceKept() }, trial: "sharded: taken-over at fetch git #1"),
        MutantCase(make: { HandoverForgotten() }, trial: "handed-over: hook-lost at input hand over #1"),
        MutantCase(make: { BlindRetry() }, trial: "created: answer-lost at write POST digitalocean/v2/droplets #1"),
        MutantCase(make: { MarkMissing() }, trial: "created: crash-after at write POST digitalocean/v2/droplets #1"),
        MutantCase(make: { LeaseKept() }, trial: "branch: crash-before at fetch git #1"),
        MutantCase(make: { DriftKept() }, trial: "approved: hook-lost at input approve #1"),
        MutantCase(make: { EvidenceUnchained() }, trial: "branch: crash-before at fetch git #1"),
        MutantCase(make: { AuditUnchained() }, trial: "extended: hook-lost at input extend #1"),
        MutantCase(make: { ApprovalUnbound() }, trial: "approved-too-late: hook-lost at input approve and change #1"),
        MutantCase(
            make: { StaleCache() }, trial: "created: 429 at read GET digitalocean/v2/tags?per_page=200&page=1 #1"),
        MutantCase(make: { LastItemOverlooked() }, trial: "branch: hook-lost at input push #1"),
        MutantCase(make: { SecretKept() }, trial: "branch: hook-lost at input push #1"),
        MutantCase(make: { WrongClock() }, trial: "moved: hook-lost at input move #1"),
        MutantCase(make: { DeliverySwallowed() }, trial: "issues: hook-doubled at input close #1"),
        MutantCase(make: { SlotForgotten() }, trial: "scheduled: hook-lost at input until the evening #1"),
        MutantCase(
            make: { NoticeSentEarly() }, trial: "told: crash-before at write POST slack/api/chat.postMessage #1"),
        MutantCase(make: { TombstoneUnread() }, trial: "pull-request: hook-lost at input late list #1"),
        MutantCase(
            make: { CommentUnsought() },
            trial: "pull-request: crash-after at write POST github/repos/acme/odoo/issues/*/comments #1"),
    ]
}
