import Basics
public import DesiredState
public import Diff
import Formats
public import Store

/// What ends: what would go when, what holds it, and what keeps the rest.
///
/// Pure: made from a plan and from what the store remembers, for people who look before they leap. The sweep itself is a
/// part of each pass, so that what failed once is tried again by the next.
public struct Sweep: Sendable {
    /// One environment that has ended, is about to, or that nothing wants any more.
    public struct Ending: Sendable {
        public let outlook: EnvironmentOutlook
        public let tier: Tier?
        /// Dollars a month; nil where they are not known.
        public let cost: String?
        /// What goes at the instant of the plan.
        public let going: [PlannedChange]
        /// What would go and may not, each with its reason in the change.
        public let held: [PlannedChange]
        /// Whether nothing of it is left that could go.
        public let isBare: Bool

        /// Whether all of it is to go: its time is over, or nothing wants it any more.
        var hasEnded: Bool { outlook.phase == .expired || outlook.phase == .unwanted }
    }

    /// By name.
    public let endings: [Ending]
    /// What environments share, or nobody owns, and goes or is held.
    public let others: [PlannedChange]
    /// The environments that stay, each with its reason.
    public let staying: [EnvironmentOutlook]
    /// What is marked, or is to be.
    public let candidates: [PruneCandidate]
    public let stuck: [StuckDeletion]

    public init(_ plan: Plan, _ inventory: Inventory, rows: [EnvironmentRow], stuck: [StuckDeletion]) {
        let owners = inventory.owners
        let remembered = Dictionary(rows.map { ($0.slug, $0) }, uniquingKeysWith: { first, _ in first })
        let deletions = plan.changes.filter { $0.action == .delete }
        let byOwner = Dictionary(grouping: deletions) { $0.environment ?? "" }
        func isEnding(_ outlook: EnvironmentOutlook) -> Bool {
            switch outlook.phase {
            case .expiring, .ending, .expired, .unwanted: true
            case .active, .suspended, .pinned, .unknown: byOwner[outlook.slug] != nil
            }
        }
        endings = plan.environments.filter(isEnding).map { outlook in
            let row = remembered[outlook.slug]
            let changes = byOwner[outlook.slug] ?? []
            return Ending(
                outlook: outlook, tier: row?.tier, cost: row?.metadata["cost_monthly_usd"]?.stringValue,
                going: changes.filter { $0.verdict == .allowed }, held: changes.filter { $0.verdict != .allowed },
                isBare: changes.isEmpty && !owners.contains(outlook.slug))
        }
        let known = Set(plan.environments.map(\.slug))
        others = deletions.filter { $0.environment.map { !known.contains($0) } ?? true }
        staying = plan.environments.filter { !isEnding($0) }
        candidates = plan.candidates
        self.stuck = stuck
    }

    /// The environments of which something goes now, also those that live on.
    public var targets: [String] { endings.filter { !$0.going.isEmpty }.map(\.outlook.slug) }

    /// What should go with what has ended and may not, because a rule denies it or a person has to be asked.
    public var refused: [PlannedChange] {
        endings.filter(\.hasEnded).flatMap(\.held).filter { $0.verdict == .denied || $0.waitsForPerson }
    }

    /// A pass by hand over what has ended, and nothing else; nil where nothing of that goes now.
    ///
    /// It is about environments, of which nothing is wanted any more. Of one that lives on something goes because a commit
    /// wants it in another way: a pass over that one would make the rest too, and one over its deletions alone would take
    /// the old address away before there is a new one.
    public var pass: PassOptions? {
        let ended = endings.filter { $0.hasEnded && !$0.going.isEmpty }
        return ended.isEmpty ? nil : PassOptions(trigger: .manual, targets: ended.map(\.outlook.slug))
    }
}
