internal import DesiredState

/// A place that an object of a kind takes, such as the name of a record.
///
/// Two objects can't be in one place while either has it for itself alone: the provider refuses the second one as long as the
/// first is there.
public struct Claim: Sendable, Hashable {
    /// The place, in one form.
    public let place: String
    /// Whether nothing else can be in that place; else others like it can.
    public let isExclusive: Bool

    /// - Parameters:
    ///   - place: in one form.
    ///   - isExclusive: whether nothing else can be there.
    public init(_ place: String, isExclusive: Bool = true) {
        self.place = place
        self.isExclusive = isExclusive
    }
}

/// What comes into a place that something has which goes, or which nothing seems to want.
struct Rivalry {
    /// The draft that has the place.
    let holder: Int
    /// The draft that comes.
    let comer: Int

    /// All of a plan; none where no draft claims anything.
    static func all(_ drafts: [Draft]) -> [Rivalry] {
        var holders: [String: [(index: Int, isExclusive: Bool)]] = [:]
        for (index, draft) in drafts.enumerated() where draft.change.action == .delete || draft.isKept {
            for claim in draft.claims {
                holders["\(draft.key.kind) \(claim.place)", default: []].append((index, claim.isExclusive))
            }
        }
        guard !holders.isEmpty else { return [] }
        var rivalries: [Rivalry] = []
        for (index, draft) in drafts.enumerated() where draft.comes {
            var rivals: Set<Int> = []
            for claim in draft.claims {
                for holder in holders["\(draft.key.kind) \(claim.place)"] ?? []
                where claim.isExclusive || holder.isExclusive {
                    rivals.insert(holder.index)
                }
            }
            rivalries += rivals.sorted().map { Rivalry(holder: $0, comer: index) }
        }
        return rivalries
    }
}
