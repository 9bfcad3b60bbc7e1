import Basics

/// That something of a branch goes to a tier, as one document says.
struct BranchClaim: Sendable, Hashable {
    /// What brings it there.
    enum Trigger: Sendable, Hashable {
        /// A branch's name, or a pattern of names.
        case branch(String)
        case tag(String)
        case pullRequest
    }

    let trigger: Trigger
    let tier: Tier
    let line: Int
    let column: Int

    init(_ trigger: Trigger, _ tier: Tier, line: Int, column: Int) {
        self.trigger = trigger
        self.tier = tier
        self.line = line
        self.column = column
    }

    init(_ trigger: Trigger, _ tier: Tier, at mark: SourceMark) {
        self.init(trigger, tier, line: mark.line, column: mark.column)
    }
}

extension BranchClaim.Trigger: CustomStringConvertible {
    var description: String {
        switch self {
        case .branch(let name): "the branch \(quoted(name))"
        case .tag(let name): "the tag \(quoted(name))"
        case .pullRequest: "a pull request"
        }
    }

    /// Whether one thing can be both.
    func overlaps(_ other: BranchClaim.Trigger) -> Bool {
        switch (self, other) {
        case (.branch(let a), .branch(let b)), (.tag(let a), .tag(let b)):
            a == b || Self.matches(a, b) || Self.matches(b, a)
        case (.pullRequest, .pullRequest): true
        default: false
        }
    }

    private static func matches(_ pattern: String, _ name: String) -> Bool {
        guard let glob = try? GlobPattern(pattern) else { return false }
        if let other = try? GlobPattern(name), other.hasWildcard { return glob.covers(other) }
        return glob.matches(name)
    }
}

/// All that one document says of branches.
struct BranchMap {
    let file: String
    let claims: [BranchClaim]
    /// What was read; nil where it is a document of the desired state.
    var source: SourceFile?

    /// Workflows do what they say, pages tell of it, and a seed was true once.
    var rank: Int { BranchMaps.isWorkflow(file) ? 0 : file == BranchMaps.seed ? 2 : 1 }

    func mark(_ claim: BranchClaim) -> SourceMark { SourceMark(file: file, line: claim.line, column: claim.column) }

    /// What of it can't be while a claim of another document holds; nil where nothing stands against it.
    func opponent(of claim: BranchClaim) -> BranchClaim? {
        if let other = claims.first(where: { $0.tier != claim.tier && $0.trigger.overlaps(claim.trigger) }) {
            return other
        }
        // Production and staging run one thing each; of the others there may be many.
        guard claim.tier == .production || claim.tier == .staging, claim.trigger != .pullRequest else { return nil }
        let same = claims.filter { $0.tier == claim.tier && $0.trigger != .pullRequest }
        return same.contains { $0.trigger.overlaps(claim.trigger) } ? nil : same.first
    }
}
