public import Basics
public import DesiredState
public import Diff
import Formats
import HTTPClient
public import Store

/// What is known of one secret in one store: whether its name is there, who set it last, when it is to be replaced.
///
/// No value is ever asked for.
public struct SecretStatus: Sendable {
    public let key: ResourceKey
    /// `github_actions`, `vercel_env`, `supabase_functions`, `postgres` and others.
    public let store: String
    public let name: String
    /// The ids in the registry that name it, sorted.
    public let ids: [String]
    public let state: SecretAnswer.State
    /// One sentence: where it was found or looked for, or why nothing can be said.
    public let reason: String
    /// When it was put there, as far as the store says.
    public let setAt: Timestamp?
    /// The last time that we set it.
    public let lastSync: SecretSyncRecord?
    /// An attempt to set something in the same place that failed since then, or of which nobody knows what it did.
    public let failure: SecretSyncRecord?
    /// The shortest of its rotations that a calendar can tell.
    public let rotationDays: Int?
    /// When it has to be replaced, or expires; nil where nothing says since when it is as it is.
    public let replaceBy: Timestamp?
    public let source: SourceMark

    /// Whether it has to be replaced by now.
    ///
    /// - Returns: false where nothing says when.
    public func isDue(at now: Timestamp) -> Bool { replaceBy.map { $0 <= now } ?? false }
}

extension Reconciler {
    /// Looks into the stores in which documents want secrets, and nowhere else.
    ///
    /// - Returns: the commit, and each secret in each store, sorted by store and name.
    /// - Throws: a `Fault` of the source or the store.
    public func secretStatus(at now: Timestamp) async throws -> (revision: String, secrets: [SecretStatus]) {
        let desired = readDesiredState(try await source.read(log).tree, cache: documents)
        let wanted = desired.resources.filter(\.isSecret)
        let stores = SecretStores(desired.resources)
        var names = stores.lookups(desired.resources)
        for resource in wanted where resource.key.kind != .secretPresence {
            names[resource.key.kind, default: []].insert(resource.key.name)
        }
        let observed = await ask(names, runID: "look", priority: .person)
        let reading = SecretReading(
            desired: desired, stores: stores, observed: observed, silent: silent,
            syncs: try await store.secretSyncs(limit: 1_000), now: now)
        let secrets = wanted.map { reading.status($0) }
        return (
            desired.revision,
            secrets.sorted { a, b in
                a.store == b.store ? a.name.precedesByBytes(b.name) : a.store.precedesByBytes(b.store)
            }
        )
    }
}

extension DesiredResource {
    /// Whether it wants a secret, or its name, to be somewhere.
    fileprivate var isSecret: Bool {
        switch key.kind {
        case .secretPresence, .supabaseSecret: true
        case .vercelVariable: self["value_from"] != nil || self["value_sha256"] != nil
        case .serverRole: self["password"] != nil
        default: false
        }
    }
}

/// Puts together what documents, stores and our own records say.
private struct SecretReading {
    let desired: DesiredState
    let stores: SecretStores
    let observed: ObservedState
    let silent: [ResourceKind: String]
    let syncs: [SecretSyncRecord]
    let now: Timestamp

    func status(_ resource: DesiredResource) -> SecretStatus {
        let (store, place, name) = Self.parts(resource.key)
        let answer = answer(resource, store)
        let entries = entries(resource, store, name)
        let ofStore = syncs.filter { record in
            record.provider == Self.provider(of: store) && (place.map { Self.isSame($0, record.target) } ?? true)
        }
        // Also by an attempt that failed for others.
        let last = ofStore.first { $0.pushed.contains(name) }
        let failure = ofStore.first { record in
            record.status != .success && place == record.target
                && (last.map { record.startedAt > $0.startedAt } ?? true)
        }
        let days = entries.compactMap { entry -> Int? in
            if case .every(let days)? = entry.rotation { days } else { nil }
        }.min()
        let known = entries.compactMap { desired.secretsInventory[$0.id] }
        let since = [answer.setAt, last?.finishedAt, known.compactMap(\.rotatedAt).min()].lazy.compactMap { $0 }.first
        var ends = entries.compactMap(\.expires)
        if let days, let since { ends.append(since + .days(days)) }
        if known.contains(where: { $0.rotateNow == .yes }) { ends.append(now) }
        return SecretStatus(
            key: resource.key, store: store,
            name: resource.key.kind == .secretPresence ? name : resource.key.name,
            ids: Set(entries.map(\.id)).sorted { $0.precedesByBytes($1) }, state: answer.state, reason: answer.reason,
            setAt: answer.setAt, lastSync: last, failure: failure, rotationDays: days, replaceBy: ends.min(),
            source: resource.source)
    }

    /// The store, what holds the secret there, and its name.
    private static func parts(_ key: ResourceKey) -> (store: String, place: String?, name: String) {
        let parts = key.name.split(separator: "/").map { String($0) }
        let last = parts.last ?? key.name
        switch key.kind {
        case .secretPresence: return (parts.first ?? "", nil, parts.dropFirst().joined(separator: "/"))
        case .supabaseSecret: return ("supabase_functions", parts.dropLast().joined(separator: "/"), last)
        case .vercelVariable: return ("vercel_env", parts.dropLast().joined(separator: "/"), last)
        default: return (key.kind.provider, key.kind.description, last)
        }
    }

    private static func provider(of store: String) -> String {
        String(store.prefix { $0 != "_" })
    }

    /// `secrets sync` without a project writes that it took the only one.
    private static func isSame(_ place: String, _ target: String) -> Bool {
        place == target || target == "the only project"
    }

    private func answer(
        _ resource: DesiredResource, _ store: String
    ) -> (state: SecretAnswer.State, reason: String, setAt: Timestamp?) {
        if resource.key.kind == .secretPresence {
            if let answer = stores.answer(resource, observed) { return (answer.state, answer.reason, answer.setAt) }
            let kind = stores.lookups([resource]).keys.first
            return (.unknown, kind.map(unseen) ?? "no driver looks into \(store)", nil)
        }
        guard resource.key.kind != .serverRole else {
            return (.unknown, "a server shows nobody whether a role has the password that is wanted", nil)
        }
        guard let seen = observed.kinds[resource.key.kind] else { return (.unknown, unseen(resource.key.kind), nil) }
        if let found = seen.resources.first(where: { $0.key == resource.key }) {
            return (.present, "it is there", found.attributes["updated_at"]?.instantValue)
        }
        switch seen.completeness(of: resource.key.name) {
        case .complete:
            return (.missing, "it is not there: the next pass sets it where a reference says its value", nil)
        case .partial(let reason), .unknown(let reason): return (.unknown, reason, nil)
        }
    }

    private func unseen(_ kind: ResourceKind) -> String {
        let why = silent[kind] ?? "it is not configured here"
        return "nobody asks \(ProviderAccount.title(of: kind.provider)): \(why)"
    }

    /// The registry's entries that speak of it.
    private func entries(_ resource: DesiredResource, _ store: String, _ name: String) -> [SecretEntry] {
        let sound = desired.secrets.entries.filter(\.isSound)
        if case .literal(let value)? = resource["secret_ids"]?.value {
            let ids = Set((value.listValue ?? []).compactMap(\.stringValue))
            return sound.filter { ids.contains($0.id) }
        }
        let provider = Self.provider(of: store)
        return sound.filter { entry in
            entry.places.contains { $0.name == name && Self.provider(of: $0.store) == provider }
        }
    }
}
