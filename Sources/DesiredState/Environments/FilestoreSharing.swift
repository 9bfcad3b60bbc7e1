import Basics

/// Environments that keep their files in one place, or one of them within that of another.
///
/// What one of them removes would be gone for the other, and the end of the one is no end of the other's files.
struct FilestoreSharing {
    fileprivate struct Place {
        let environment: Environment
        /// Bucket and prefix, with a slash behind: one place holds another where its text begins the other's.
        let path: String
    }

    /// Who keeps its files where somebody with more care, or somebody who was there before, keeps them.
    private struct Finding {
        let taker: Environment
        let other: Environment
        var more = 0
    }

    private var findings: [String: Finding] = [:]

    /// Makes each environment unknown that keeps its files where another one does.
    static func check(_ environments: [Environment], _ report: Report) {
        var sharing = FilestoreSharing()
        sharing.compare(environments)
        for (slug, finding) in sharing.findings {
            let more = finding.more == 0 ? "" : " and \(finding.more.of("other"))"
            let cause = report.error(
                .sharedResource,
                "the environment \(quoted(slug)) keeps its files in \(quoted(finding.taker.filestore ?? "")), where "
                    + "\(quoted(finding.other.slug))\(more) keeps them, or within that",
                at: finding.taker.filestoreMark,
                hint: "Give it a place of its own, `bucket/\(slug)`; until then it is left alone.",
                notes: [Diagnostic.Note("the other is here", at: finding.other.filestoreMark)])
            report.unknown(.environment(slug), cause)
        }
    }

    private mutating func compare(_ environments: [Environment]) {
        let places = environments.compactMap { Place($0) }.sorted {
            $0.path == $1.path ? $0.environment.goesBefore($1.environment) : $0.path.precedesByBytes($1.path)
        }
        // Whatever lies within a place follows it directly.
        var around: [Place] = []
        for place in places {
            while let last = around.last, !place.path.utf8.starts(with: last.path.utf8) { around.removeLast() }
            if let outer = around.last { add(outer.environment, place.environment) }
            around.append(place)
        }
    }

    private mutating func add(_ a: Environment, _ b: Environment) {
        // That all branches would share one place is told of their template.
        guard !a.isOfBranch || !b.isOfBranch || a.filestore != b.filestore else { return }
        let (other, taker) = a.goesBefore(b) ? (a, b) : (b, a)
        findings[taker.slug, default: Finding(taker: taker, other: other, more: -1)].more += 1
    }
}

extension FilestoreSharing.Place {
    fileprivate init?(_ environment: Environment) {
        guard let filestore = environment.filestore.flatMap({ Filestore($0) }) else { return nil }
        let prefix = filestore.prefix
        self.init(
            environment: environment,
            path: "\(filestore.bucket)/\(prefix.isEmpty || prefix.hasSuffix("/") ? prefix : prefix + "/")")
    }
}

extension Environment {
    fileprivate var filestoreMark: SourceMark { facts.first { $0.name == "filestore" }?.mark ?? source }

    /// Whether it has the better right to a place: more care, then a branch that brought it about, then its name.
    ///
    /// Of many that a template gives a place within that of a named one, that one is told, and once.
    fileprivate func goesBefore(_ other: Environment) -> Bool {
        let order = Tier.allCases
        let (own, others) = (order.firstIndex(of: tier) ?? 0, order.firstIndex(of: other.tier) ?? 0)
        if own != others { return own < others }
        if isOfBranch != other.isOfBranch { return isOfBranch }
        return slug.precedesByBytes(other.slug)
    }
}
