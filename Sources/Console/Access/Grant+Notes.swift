import Basics
public import Store

extension Grant {
    /// A sentence for each role that may not be meant so: it is given, for what it names may come, and is worth a look.
    ///
    /// - Parameters:
    ///   - grants: what is given.
    ///   - store: knows the environments, and which of them a branch is of.
    ///   - wanted: the environments that a commit wants, by name, with the branches of those that have one.
    ///   - project: the one that this service looks after; a role at any other opens nothing here.
    /// - Returns: the sentences.
    /// - Throws: `StoreFault`.
    public static func notes(
        on grants: [Grant], in store: Store, wanted: [(name: String, branch: String?)] = [], project: String
    ) async throws(StoreFault) -> [String] {
        guard grants.contains(where: { $0.project != "*" || $0.environment != "*" }) else { return [] }
        let known = Set(try await store.environmentNames()).union(wanted.map(\.name))
        var notes: [String] = []
        for grant in grants {
            let isElsewhere = !grant.covers(project: project)
            if !isElsewhere, grant.environment == "*" || known.contains(grant.environment) { continue }
            // What was written: people know a branch, whose slash is read as that behind a project.
            let word = isElsewhere ? "\(grant.project)/\(grant.environment)" : grant.environment
            let meant = try await store.environmentName(of: word) ?? wanted.first { $0.branch == word }?.name
            let remedy = meant.map { "; \(word) is the environment \($0): write \(grant.role.rawValue)@\($0)" }
            notes.append(
                isElsewhere
                    ? "\(grant) counts in the project \(grant.project), and that of this service is \(project)"
                        + (remedy ?? Suggestion.afterthought(on: grant.project, among: [project]))
                    : "no environment is named \(word), and the role at it counts once there is one"
                        + (remedy ?? Suggestion.afterthought(on: word, among: known)))
        }
        return notes
    }
}
