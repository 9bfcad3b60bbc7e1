internal import CGit2

extension Repository {
    /// What a name leads to.
    enum Resolution {
        case commit(git_oid)
        /// More than one object begins like this.
        case ambiguous
        /// There is such an object or reference, but it leads to no commit.
        case notACommit
        case nothing
    }

    /// Follows `HEAD`, a full reference name, a branch, a tag, a full or a short commit id, in this order.
    ///
    /// - Throws: `LibraryError` when what it leads to can't be read.
    func resolve(_ name: String) throws(LibraryError) -> Resolution {
        let candidates =
            name == "HEAD" || name.hasPrefix("refs/") ? [name] : ["refs/heads/\(name)", "refs/tags/\(name)"]
        for candidate in candidates {
            var id = git_oid()
            let status = git_reference_name_to_id(&id, pointer, candidate)
            if status == GIT_ENOTFOUND.rawValue || status == GIT_EINVALIDSPEC.rawValue { continue }
            try check(status)
            return try peelToCommit(id).map { .commit($0) } ?? .notACommit
        }
        return try resolveID(name)
    }

    private func resolveID(_ name: String) throws(LibraryError) -> Resolution {
        let digits = name.lowercased()
        guard (4...40).contains(digits.utf8.count),
            digits.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return .nothing }
        var short = git_oid()
        try check(git_oid_fromstrn(&short, digits, digits.utf8.count))
        var full = git_oid()
        let status = git_odb_exists_prefix(&full, odb, &short, digits.utf8.count)
        if status == GIT_ENOTFOUND.rawValue { return .nothing }
        if status == GIT_EAMBIGUOUS.rawValue { return .ambiguous }
        try check(status)
        return try peelToCommit(full).map { .commit($0) } ?? .notACommit
    }

    /// Branches and tags that lead to a commit, branches first, by name bytes.
    ///
    /// - Throws: `LibraryError` when one of them leads to an object that can't be read.
    func references() throws(LibraryError) -> [GitReference] {
        var found: [GitReference] = []
        for (name, id) in try storedReferences() {
            guard let reference = ReferenceName(full: name), let peeled = try peelToCommit(id) else { continue }
            let commit = try commit(peeled)
            found.append(
                GitReference(
                    name: reference.short, kind: reference.kind, commit: commit.id, committedAt: commit.committedAt))
        }
        return found.sorted { $0.fullName.utf8.lexicographicallyPrecedes($1.fullName.utf8) }
    }
}

/// Finds the names that somebody may have meant.
enum NearNames {
    /// At most three of the names, nearest first.
    static func of(_ wanted: String, among names: some Sequence<String>) -> [String] {
        guard !wanted.isEmpty else { return [] }
        let target = Array(wanted.lowercased().utf8.prefix(100))
        let limit = max(2, target.count / 3)
        return names.compactMap { name -> (distance: Int, name: String)? in
            let candidate = Array(name.lowercased().utf8.prefix(100))
            if target.reversed().starts(with: candidate.reversed())
                || candidate.reversed().starts(with: target.reversed())
            {
                // `origin/main` for `main`, `login` for `feature/login`.
                return (1, name)
            }
            let distance = distance(target, candidate)
            return distance <= limit ? (distance, name) : nil
        }.sorted { $0.distance == $1.distance ? $0.name < $1.name : $0.distance < $1.distance }
            .prefix(3).map(\.name)
    }

    /// Insertions, deletions and replacements from one to the other (Levenshtein).
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let cost = min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = cost
            }
        }
        return row[b.count]
    }
}
