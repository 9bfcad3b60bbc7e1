public import Basics
public import DesiredState
internal import Formats

/// Whether a store holds the name of a secret that the registry wants there.
public struct SecretAnswer: Sendable, Hashable {
    /// What was found out.
    public enum State: String, Sendable, Hashable {
        case present, missing, unknown
    }

    /// `secrets.presence/store/NAME`.
    public let key: ResourceKey
    public let state: State
    /// One sentence: where it was found or looked for, or why nothing can be said.
    public let reason: String
    /// When it was put there last, as far as the store says.
    public let setAt: Timestamp?
    /// Whether another look may say more: the list wasn't seen whole.
    public var isUnseen = false

    init(_ key: ResourceKey, _ state: State, _ reason: String, setAt: Timestamp? = nil) {
        self.key = key
        self.state = state
        self.reason = reason
        self.setAt = setAt
    }
}

/// Holds the names that the registry wants in stores against the names that drivers list; no value is ever asked for.
///
/// A name that is found is there. One that isn't found is missing only where the whole list was seen and the registry
/// writes the name itself; all else is unknown.
public struct SecretStores: Sendable {
    /// One store that a driver can look into.
    private struct Store: Sendable {
        let kind: ResourceKind
        /// Where the store's names are kept, as the first part of the keys: repositories, projects, references.
        let places: [String]
        /// What to write in front of a name to make a key of it.
        let path: @Sendable (String) -> String
        /// What a list that lacks the name proves; nil: that it is missing.
        let blindness: String?
    }

    private let stores: [String: Store]

    /// - Parameter resources: all that is wanted: they say which repositories and projects there are.
    public init(_ resources: [DesiredResource]) {
        var (repositories, projects, references): (Set<String>, Set<String>, Set<String>) = ([], [], [])
        // Of ten thousand resources mostly none is one of these.
        for resource in resources.contains(where: { $0.key.kind == .secretPresence }) ? resources : [] {
            func parts() -> [String] { resource.key.name.split(separator: "/").map { String($0) } }
            switch resource.key.kind {
            case .branchProtection, .ruleset:
                let parts = parts()
                if parts.count >= 3 { repositories.insert("\(parts[0])/\(parts[1])") }
            case .vercelProject: projects.insert(resource.key.name)
            default: if let reference = resource.supabaseProject { references.insert(reference) }
            }
        }
        func sorted(_ names: Set<String>) -> [String] { names.sorted { compareBytes($0, $1) < 0 } }
        stores = [
            "github_actions": Store(
                kind: .gitHubSecret, places: sorted(repositories), path: { "\($0)/" }, blindness: nil),
            "vercel_env": Store(
                kind: .vercelVariable, places: sorted(projects), path: { "\($0)/production/" }, blindness: nil),
            "supabase_vault": Store(
                kind: .supabaseSecret, places: sorted(references), path: { "\($0)/" },
                blindness: "the vault itself shows its names to nobody outside of the database"),
        ]
    }

    /// What drivers have to list beside what is wanted of their kinds, by kind.
    public func lookups(_ resources: [DesiredResource]) -> [ResourceKind: Set<String>] {
        var names: [ResourceKind: Set<String>] = [:]
        for resource in resources where resource.key.kind == .secretPresence {
            guard let (store, name) = store(of: resource.key) else { continue }
            for place in places(store, resource) { names[store.kind, default: []].insert(store.path(place) + name) }
        }
        return names
    }

    /// The answer for one name; nil where no driver can look into its store.
    public func answer(_ resource: DesiredResource, _ observed: ObservedState) -> SecretAnswer? {
        guard let (store, name) = store(of: resource.key) else { return nil }
        let storeName = resource.key.name.prefix { $0 != "/" }
        if SecretStore.isBuiltIn(name, in: storeName) {
            return SecretAnswer(resource.key, .present, "it is built in: GitHub makes it for each run of a workflow")
        }
        guard let seen = observed.kinds[store.kind] else { return nil }
        let places = places(store, resource)
        let found = seen.resources.filter { item in
            item.key.name.hasSuffix("/\(name)") && places.contains { item.key.name.hasPrefix("\($0)/") }
        }
        func answer(_ state: SecretAnswer.State, _ reason: String, at instant: Timestamp? = nil) -> SecretAnswer {
            SecretAnswer(resource.key, state, reason, setAt: instant)
        }
        if !found.isEmpty {
            let instants = found.compactMap { $0.attributes["updated_at"]?.instantValue }
            return answer(
                .present, "it is there as \(found.map(\.key.name).joined(separator: ", "))",
                at: instants.count == found.count ? instants.min() : nil)
        }
        if SecretStore.refuses(name, in: storeName) {
            return answer(.unknown, "GitHub takes no name that begins with GITHUB_, so it can't be put there")
        }
        guard !places.isEmpty else {
            return answer(.unknown, "no document says in which \(store.kind.provider) project or repository it is")
        }
        if !seen.completeness.isComplete {
            let why = DraftText.why(seen.completeness, store.kind)
            var unseen = answer(.unknown, "\(resource.key.kind) could not be observed: \(why)")
            unseen.isUnseen = true
            return unseen
        }
        let place = "it is not among the names of \(places.joined(separator: ", "))"
        if let blindness = store.blindness { return answer(.unknown, "\(place), and \(blindness)") }
        if case .literal(.bool(true))? = resource["is_name_assumed"]?.value {
            return answer(.unknown, "\(place), but the registry writes no name for it, so it may have another one")
        }
        return answer(.missing, place)
    }

    /// The kind under which a driver lists the names of a secret's store; nil where none can.
    func kind(of key: ResourceKey) -> ResourceKind? { store(of: key)?.0.kind }

    private func store(of key: ResourceKey) -> (Store, name: String)? {
        guard key.kind == .secretPresence, let slash = key.name.firstIndex(of: "/"),
            let store = stores[String(key.name[..<slash])]
        else {
            return nil
        }
        return (store, String(key.name[key.name.index(after: slash)...]))
    }

    /// The places of one name: those that its entry names, else all of the store.
    private func places(_ store: Store, _ resource: DesiredResource) -> [String] {
        guard case .literal(let value)? = resource["projects"]?.value, let names = value.listValue else {
            return store.places
        }
        return names.compactMap(\.stringValue)
    }
}

extension SecretAnswer {
    /// What puts a missing name into its store.
    var remedy: String {
        let name = key.name.drop { $0 != "/" }.dropFirst()
        switch key.name.prefix(while: { $0 != "/" }) {
        case "github_actions": return "put it there: gh secret set \(name)"
        case "vercel_env": return "put it there: vercel env add \(name)"
        default: return "put it there, or take the store out of the registry"
        }
    }
}

/// Secrets that are older in their store than the registry lets them become.
enum SecretAges {
    static func diagnostics(_ answers: [SecretAnswer], _ desired: DesiredState, now: Timestamp) -> [Diagnostic] {
        let wanted = Dictionary(desired.resources.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        return answers.flatMap { answer -> [Diagnostic] in
            guard let setAt = answer.setAt, let resource = wanted[answer.key],
                case .literal(let value)? = resource["secret_ids"]?.value
            else { return [] }
            let entries = (value.listValue ?? []).compactMap(\.stringValue).flatMap { desired.secrets.entries(of: $0) }
            let days = entries.compactMap { entry -> Int? in
                if case .every(let days)? = entry.rotation, entry.isSound { days } else { nil }
            }.min()
            guard let days, setAt + .days(days) <= now else { return [] }
            return [
                Diagnostic(
                    .warning, "PLAN-0010",
                    "the secret \(answer.key.name) was put there on \(setAt.description.prefix(10)), and is to be replaced "
                        + "every \(days.of("day"))", at: entries.first?.source ?? resource.source,
                    hint: "replace it in every store that holds it, then revoke the old one")
            ]
        }
    }
}
