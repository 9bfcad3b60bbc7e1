import Basics
import Formats

/// What one document wants of one Vercel project.
struct VercelWish {
    /// Which kind of document it stands in: each may name a project once.
    enum Origin: Int {
        case list, document
    }

    let origin: Origin
    var project: Draft
    /// Its domains, variables, and the deployment that serves its production.
    var children: [Draft]
}

/// Which Vercel projects the documents name, for what others say of them.
struct VercelReading {
    /// Sorted and unique.
    var projects: [String] = []
    /// The projects that have a root directory, by that; more than one where documents disagree.
    var byDirectory: [String: Set<String>] = [:]
    /// The documents that were read, in order.
    var documents: [Library.Entry] = []
    /// The branch that serves production, by project; from each document that names one.
    var productionBranches: [(project: String, branch: Text)] = []

    /// The projects that convergence speaks of: those whose own name at Vercel it requires, else the only one there is.
    func projects(of convergence: ConvergenceReading) -> [String] {
        let suffix = ".vercel.app"
        let hosts = convergence.checks.filter { $0.kind == "dns_planned" && $0.key.hasSuffix(suffix) }
            .map { String($0.key.dropLast(suffix.utf8.count)) }
        let named = Set(hosts).intersection(projects)
        if named.count == 1 { return Array(named) }
        return named.isEmpty && projects.count == 1 ? projects : []
    }

    /// The project that a directory of the repository belongs to; nil where that can't be told.
    func project(at directory: String) -> String? {
        let directory = directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        if let found = byDirectory[directory] { return found.count == 1 ? found.first : nil }
        guard let name = directory.split(separator: "/").last.map({ String($0) }), projects.contains(name) else {
            return nil
        }
        return name
    }
}

extension Draft {
    /// The text that an attribute wants; nil where it wants none.
    func text(_ name: String) -> Text? {
        guard let wanted = attributes.first(where: { $0.name == name }), let mark = wanted.mark,
            case .literal(.string(let text)) = wanted.value
        else { return nil }
        return Text(value: text, mark: mark)
    }

    /// What this and another draft of the same resource want together.
    ///
    /// What they disagree on is told at the other's place, and neither is taken.
    func joined(with other: Draft, as subject: String, _ report: Report) -> Draft {
        var attributes = self.attributes
        for wanted in other.attributes {
            guard let index = attributes.firstIndex(where: { $0.name == wanted.name }) else {
                attributes.append(wanted)
                continue
            }
            let own = attributes[index]
            guard own.value != wanted.value else { continue }
            report.warning(
                .documentDisagreement,
                "\(subject) has the `\(wanted.name)` \(Self.shown(wanted.value)) here and \(Self.shown(own.value)) there",
                at: wanted.mark ?? other.source, hint: "Make both say the same; until then it is left alone.",
                notes: [Diagnostic.Note("the other is here", at: own.mark ?? source)])
            attributes.remove(at: index)
        }
        var draft = Draft(key, environment: environment, attributes, source: source, dependsOn: dependsOn)
        draft.isProtected = isProtected || other.isProtected
        return draft
    }

    private static func shown(_ value: WantedValue) -> String {
        guard case .literal(let value) = value else { return "another resource's" }
        return value.stringValue.map { quoted($0) } ?? (value.isNull ? "nothing" : value.json)
    }
}
