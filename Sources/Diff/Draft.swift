internal import Basics
internal import DesiredState
internal import Formats

/// A change on its way into the plan, with what the guards and the order have to know of it.
struct Draft {
    var change: PlannedChange
    /// Everything that the wanted resource needs, whether or not that changes.
    var needs: [ResourceKey] = []
    /// Resources whose attribute becomes a value here, but isn't known yet.
    var awaits: Set<ResourceKey> = []
    /// Resources that a value of it means by their names, and that the driver has to find.
    var named: Set<ResourceKey> = []
    /// Why each of the change's attributes differs, by its index; what isn't here waits for its commit.
    var causes: [Int: ChangeCause] = [:]
    /// The places that it takes, or has.
    var claims: [Claim] = []
    /// Whether it is part of the drift report: not where too little is known to call it a difference.
    var isDrift = false
    /// Whether nothing wants it, but too little is known to let it go.
    var isKept = false
    /// Why what it destroys may be another's; nil where it is surely ours.
    var doubt: String?
    /// Why a person has to say yes although nothing is deleted or replaced; nil where nobody has to.
    var question: String?
    /// What goes for good by what it writes, although the object stays; nil where nothing does.
    var loss: String?

    var key: ResourceKey { change.key }
    var destroys: Bool { change.action == .delete || change.action == .replace }
    /// Whether something new comes of it.
    var comes: Bool { change.action == .create || change.action == .replace }
    /// Whether it touches the provider.
    var hasEffect: Bool { change.hasEffect }
    var isAllowed: Bool { change.verdict == .allowed }

    /// Holds it back, as the change itself is held back.
    mutating func refuse(
        _ verdict: Verdict, _ reason: String, as hold: Hold, until: Timestamp? = nil, at place: SourceMark? = nil
    ) {
        change.refuse(verdict, reason, as: hold, until: until, at: place)
    }
}

/// Words that several drafts share.
enum DraftText {
    /// `size differs`, `size and tags differ`, `image, size and 3 more differ`.
    static func difference(_ attributes: [AttributeChange]) -> String {
        attributes.isEmpty ? "nothing differs" : "\(names(attributes)) differ\(attributes.count == 1 ? "s" : "")"
    }

    /// `size`, `size and tags`, `image, size and 3 more`.
    static func names(_ attributes: [AttributeChange]) -> String {
        let names = attributes.map(\.path)
        switch names.count {
        case 0: return "nothing"
        case 1: return names[0]
        case 2: return "\(names[0]) and \(names[1])"
        case 3: return "\(names[0]), \(names[1]) and \(names[2])"
        default: return "\(names[0]), \(names[1]) and \(names.count - 2) more"
        }
    }

    /// Why a resource is unknown whose kind nobody can look at.
    static func noDriver(_ kind: ResourceKind) -> String { "no driver knows \(kind)" }

    /// Why a resource is unknown whose driver this installation lacks the means for.
    static func silent(_ kind: ResourceKind, _ why: String) -> String { "\(kind) is not observed: \(why)" }

    /// Why nothing was seen of a kind.
    static func unseen(_ kind: ResourceKind, _ why: String?) -> String {
        why.map { silent(kind, $0) } ?? "no driver looked at \(kind)"
    }

    static func why(_ completeness: Completeness?, _ kind: ResourceKind) -> String {
        switch completeness {
        case nil: "\(kind) is not observed: no driver reads it, or its provider has no credential"
        case .complete: "\(kind) was observed completely"
        case .partial(let reason): "\(kind) was observed only in part: \(reason)"
        case .unknown(let reason): "\(kind) could not be observed: \(reason)"
        }
    }
}
