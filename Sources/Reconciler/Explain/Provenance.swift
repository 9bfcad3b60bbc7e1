public import Basics
public import DesiredState
public import Git

/// Where each attribute of a resource comes from: file and line, what decided, and who changed that line last.
public struct Provenance: Sendable {
    /// One attribute and where its value comes from.
    public struct Origin: Sendable, Hashable {
        public let attribute: WantedAttribute
        /// Where it is written; nil where no document says it.
        public let mark: SourceMark?
        /// What the line is, of all that could have said it.
        public let decider: String
        /// The commit that changed the line last; nil where there is no history.
        public let commit: GitCommit?
        /// Whether its value is not to be shown.
        public let isHidden: Bool
    }

    private let desired: DesiredState
    private let resource: DesiredResource
    private let environment: Environment?
    private let commits: [SourceMark: GitCommit]
    private let sensitive: SensitiveAttributes

    init(
        _ resource: DesiredResource, _ desired: DesiredState, commits: [SourceMark: GitCommit],
        _ sensitive: SensitiveAttributes
    ) {
        self.sensitive = sensitive
        self.resource = resource
        self.desired = desired
        self.commits = commits
        environment = resource.environment.flatMap { slug in desired.environments.first { $0.slug == slug } }
    }

    /// The lines whose history is worth knowing.
    static func marks(_ resource: DesiredResource, _ desired: DesiredState) -> Set<SourceMark> {
        var marks = Set(resource.attributes.compactMap(\.mark))
        marks.insert(resource.source)
        let environment = resource.environment.flatMap { slug in desired.environments.first { $0.slug == slug } }
        if let environment { marks.insert(environment.source) }
        return marks
    }

    /// Every attribute, in its order.
    public var origins: [Origin] {
        resource.attributes.map { attribute in
            Origin(
                attribute: attribute, mark: attribute.mark,
                decider: attribute.mark.map { decider(of: $0) } ?? Self.byDefault,
                commit: attribute.mark.flatMap { commits[$0] },
                isHidden: sensitive.hides(attribute, of: resource.key.kind))
        }
    }

    /// Of what follows from a resource without being written.
    private static let byDefault = "the default: no document says it"

    /// The commit that changed last the line that wants the resource; nil where there is no history.
    public var commit: GitCommit? { commits[resource.source] }

    // MARK: What decided

    /// What the line is, of all that could have said it.
    private func decider(of mark: SourceMark) -> String {
        guard let environment else { return "the document's own entry" }
        if mark == environment.source || mark.file == environment.source.file {
            return isOfBranch(environment)
                ? "the mapping that its branch matched first" : "the entry of the environment \(environment.slug)"
        }
        if isOfBranch(environment), isEnvironments(mark.file) {
            return "the template of the tier \(environment.tier.rawValue)"
        }
        return "the document's own entry"
    }

    private func isOfBranch(_ environment: Environment) -> Bool { !isEnvironments(environment.source.file) }

    private func isEnvironments(_ file: String) -> Bool {
        desired.documents.contains { $0.path == file && $0.domain == "environments" }
    }

    /// Which roots and documents stood against each other, and which won.
    public var precedence: [String] {
        var lines = Self.precedence(of: Set(Self.marks(resource, desired).map(\.file)), desired)
        if let environment, let branch = environment.branch, isOfBranch(environment) {
            lines.append(
                "the branch \(branch) matches \(environment.source) first, and no named environment claims it")
        }
        return lines
    }

    /// Under which root files stand, and which ones they go before.
    static func precedence(of files: Set<String>, _ desired: DesiredState) -> [String] {
        var lines: [String] = []
        for file in files.sorted(by: { $0.precedesByBytes($1) }) {
            guard
                let root = desired.roots.filter({ file.hasPrefix($0 + "/") }).max(by: { $0.utf8.count < $1.utf8.count }
                ),
                let rank = desired.roots.firstIndex(of: root)
            else { continue }
            var line = "\(file) under the root \(root), \(rank + 1) of \(desired.roots.count)"
            let relative = file.dropFirst(root.utf8.count)
            let shadowed = desired.documents.filter { $0.status == .shadowed && $0.path.hasSuffix(relative) }
            if !shadowed.isEmpty { line += ", before \(shadowed.map(\.path).joined(separator: " and "))" }
            lines.append(line)
        }
        return lines
    }
}
