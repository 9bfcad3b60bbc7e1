import Basics

/// Mappings that match no branch: nothing uses them now, and one with a slip has let go of what it brought about.
struct UnusedMappings {
    private let mappings: [BranchMapping]
    private let branches: [Branch]
    private let tags: [Branch]
    private let report: Report

    init(_ mappings: [BranchMapping], _ branches: [Branch], _ tags: BranchListing, _ report: Report) {
        self.mappings = mappings
        self.branches = branches
        self.tags = if case .known(let known) = tags { known } else { [] }
        self.report = report
    }

    func check() {
        // Of a repository that is still empty nothing can be told.
        guard !branches.isEmpty else { return }
        for (index, mapping) in mappings.enumerated() {
            let pattern = mapping.pattern
            // That it never can match is told where it stands.
            guard !mappings[..<index].contains(where: { $0.pattern.covers(pattern) }) else { continue }
            // What is written for a pull request or a tag does no harm, and is none of this.
            guard !pattern.text.hasPrefix("refs/"), !matches(pattern, branches), !matches(pattern, tags) else {
                continue
            }
            if let meant = slip(in: pattern) {
                report.warning(
                    .unusedMapping, "no branch matches the mapping of \(quoted(pattern.text))", at: mapping.source,
                    hint: "Did you mean `\(meant)`? Until then it brings nothing about, and what it brought about goes."
                )
            } else {
                report.note(
                    .unusedMapping, "no branch matches the mapping of \(quoted(pattern.text)) now", at: mapping.source,
                    hint: "Leave it if such branches come and go; else correct the pattern or remove the mapping.")
            }
        }
    }

    private func matches(_ pattern: GlobPattern, _ branches: [Branch]) -> Bool {
        // Nearly all names differ before the first wildcard.
        let literal = pattern.literal.utf8
        return branches.contains { $0.name.utf8.starts(with: literal) && pattern.matches($0.name) }
    }

    /// The pattern that was probably meant: the same for a folder, or the name, of a branch that no mapping matches.
    private func slip(in pattern: GlobPattern) -> String? {
        let literal = pattern.literal
        var folder = pattern.text[...]
        if literal.endIndex != pattern.text.endIndex {
            guard let slash = literal.lastIndex(of: "/") else { return nil }
            folder = pattern.text[..<slash]
        }
        let depth = folder.utf8.count { $0 == UInt8(ascii: "/") } + 1
        let isWhole = folder.endIndex == pattern.text.endIndex
        var candidates: Set<Substring> = []
        for branch in branches {
            if let start = isWhole ? branch.name[...] : branch.name.folder(of: depth) { candidates.insert(start) }
        }
        candidates.remove(folder)
        guard let meant = closest(to: String(folder), among: candidates.map(String.init)) else { return nil }
        let isFree = branches.contains { branch in
            (isWhole ? branch.name == meant : branch.name.hasPrefix(meant + "/"))
                && !mappings.contains { $0.pattern.matches(branch.name) }
        }
        return isFree ? meant + pattern.text[folder.endIndex...] : nil
    }
}

extension GlobPattern {
    /// What stands before its first wildcard.
    fileprivate var literal: Substring { text.prefix { $0 != "*" && $0 != "?" } }
}

extension String {
    /// As many parts of a path, where there is one more behind them.
    fileprivate func folder(of depth: Int) -> Substring? {
        var rest = depth
        for index in utf8.indices where utf8[index] == UInt8(ascii: "/") {
            rest -= 1
            if rest == 0 { return self[..<index] }
        }
        return nil
    }
}
