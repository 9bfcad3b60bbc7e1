public import Basics
internal import DesiredState
public import Diff
public import Drivers
internal import Formats
public import HTTPClient

/// DigitalOcean: droplets, tags, domains and records, firewalls, networks, volumes, snapshots, projects, alerts, keys of
/// Spaces, database clusters and what is in them.
///
/// Facts: the provider's OpenAPI description; docs/providers/digitalocean.md tells what is done with them.
public final class DigitalOceanDriver: ProviderDriver {
    public let version = "2"
    public let schemas = DigitalOceanKinds.all

    let api: ProviderAPI
    let limits: DigitalOceanLimits
    let time: any TimeSource
    /// What this installation is called in its marks.
    let installation: String?
    /// Creating two users of one cluster at once makes the provider lose one of them.
    let userCreation = KeyedLock()
    let directory = Directory()
    /// Whom the token leads to.
    let owner: KnownAccount
    /// Takes what the provider shows once, and says whether it has it.
    let keep: (@Sendable (IssuedSecret) async -> Bool)?

    /// A driver over a client of a token; the client's time and the driver's should be the same.
    public init(
        client: APIClient, owner: KnownAccount = KnownAccount(of: Secret("")),
        limits: DigitalOceanLimits = DigitalOceanLimits(),
        time: any TimeSource, installation: String? = nil, keep: (@Sendable (IssuedSecret) async -> Bool)? = nil
    ) {
        self.time = time
        self.keep = keep
        self.owner = owner
        self.installation = installation
        self.limits = limits
        api = ProviderAPI(client: client, names: Self.names, time: time, readError: Self.readError)
    }

    /// A driver for one token; `baseURL` is the address, with or without `/v2`.
    ///
    /// All drivers of one token should share a budget; nil makes one of its own.
    public convenience init(
        token: Secret, baseURL: String = DigitalOceanDriver.defaultURL, transport: any HTTPTransport,
        budget: RequestBudget? = nil, retry: RetryPolicy = RetryPolicy(),
        limits: DigitalOceanLimits = DigitalOceanLimits(), time: any TimeSource = SystemTime(),
        random: RandomSource = .system(), installation: String? = nil,
        keep: (@Sendable (IssuedSecret) async -> Bool)? = nil
    ) {
        let owner = KnownAccount(of: token)
        let client = APIClient(
            provider: "digitalocean", baseURL: Self.rootURL(baseURL),
            authorization: .bearer(owner.credential), transport: transport,
            budget: budget ?? RequestBudget(.digitalOcean, time: time), retry: retry,
            // The address of a chat hook in an alert policy lets anybody write there, also where somebody took it for the channel.
            redaction: Redaction(members: ["url", "channel"]), time: time, random: random)
        self.init(
            client: client, owner: owner, limits: limits, time: time, installation: installation, keep: keep)
    }

    /// The tags of what is made: the wanted ones and our marks.
    func marked(_ wanted: Value?) -> Value {
        let marks = marks.map { Value.string($0) }
        return .list((wanted?.listValue ?? []).filter { !marks.contains($0) } + marks)
    }

    /// The tags that make an object ours.
    var marks: [String] {
        let own = installation.map { [DigitalOceanKinds.installationMark.text($0)] } ?? []
        return [DigitalOceanKinds.ownershipTag] + own
    }

    /// The address without the version, which is part of every path; people write it both ways.
    public static func rootURL(_ text: String) -> String {
        var text = text
        while text.hasSuffix("/") { text.removeLast() }
        return text.hasSuffix("/v2") ? String(text.dropLast(3)) : text
    }

    public static let defaultURL = "https://api.digitalocean.com"
}

/// How long the driver waits, and how much it does at once.
public struct DigitalOceanLimits: Sendable {
    /// Lists and pages that are under way at once.
    public var parallelism = 8
    /// The pause before the first look at an asynchronous action; later ones grow to `longestPause`.
    public var firstPause = Duration.seconds(1)
    public var longestPause = Duration.seconds(5)
    /// The longest that an action on a droplet or a firewall may take.
    public var actionDeadline = Duration.minutes(10)
    /// The longest that a cluster may take to come online.
    public var clusterDeadline = Duration.minutes(30)
    /// The longest that a new object may stay invisible.
    public var visibilityDeadline = Duration.seconds(60)

    public init() {}
}

/// What the last observation and later effects said about the ids of names, so that nothing is asked twice.
final class Directory: Sendable {
    private struct Ids {
        /// Names that several objects share have none.
        var droplets: [String: Int64] = [:]
        var dropletNames: [Int64: String] = [:]
        var clusters: [String: String] = [:]
        var knowsClusters = false
        var volumes: [String: String] = [:]
        var knowsVolumes = false
        /// Of droplets by id.
        var processors: [Int64: Int64] = [:]
    }

    private let ids = Locked(Ids())

    func setDroplets(_ pairs: [(name: String, id: Int64)]) {
        ids.withLock { ids in
            ids.dropletNames = Dictionary(pairs.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
            ids.droplets = [:]
            var shared: Set<String> = []
            for pair in pairs where ids.droplets.updateValue(pair.id, forKey: pair.name) != nil {
                shared.insert(pair.name)
            }
            for name in shared { ids.droplets[name] = nil }
        }
    }

    func setProcessors(_ droplets: [ObservedResource]) {
        ids.withLock { ids in
            for droplet in droplets {
                if let id = Int64(droplet.providerID) { ids.processors[id] = droplet.attributes["vcpus"]?.intValue }
            }
        }
    }

    func setVolumes(_ pairs: [(name: String, id: String)]) {
        ids.withLock {
            $0.knowsVolumes = true
            $0.volumes = Dictionary(pairs.map { ($0.name, $0.id) }, uniquingKeysWith: { first, _ in first })
        }
    }

    func remember(volume name: String, id: String) { ids.withLock { $0.volumes[name] = id } }

    func forget(volume name: String) { ids.withLock { $0.volumes[name] = nil } }

    func volumeID(_ name: String) -> String? { ids.withLock { $0.volumes[name] } }

    var knowsClusters: Bool { ids.withLock { $0.knowsClusters } }

    var knowsVolumes: Bool { ids.withLock { $0.knowsVolumes } }

    /// All names by id.
    var names: KnownNames {
        ids.withLock { ids in
            var names = KnownNames(droplets: ids.dropletNames, processors: ids.processors)
            for (name, id) in ids.clusters { names.clusters[id] = name }
            for (name, id) in ids.volumes { names.volumes[id] = name }
            return names
        }
    }

    func remember(_ droplet: ObservedResource) {
        guard let id = Int64(droplet.providerID) else { return }
        remember(droplet: droplet.key.name, id: id)
        setProcessors([droplet])
    }

    func setClusters(_ pairs: [(name: String, id: String)]) {
        ids.withLock {
            $0.knowsClusters = true
            $0.clusters = Dictionary(pairs.map { ($0.name, $0.id) }, uniquingKeysWith: { first, _ in first })
        }
    }

    func remember(droplet name: String, id: Int64) {
        ids.withLock { ids in
            ids.droplets[name] = id
            ids.dropletNames[id] = name
        }
    }

    func remember(cluster name: String, id: String) { ids.withLock { $0.clusters[name] = id } }

    func forget(droplet name: String) {
        ids.withLock { ids in
            if let id = ids.droplets.removeValue(forKey: name) { ids.dropletNames[id] = nil }
        }
    }

    func forget(cluster name: String) { ids.withLock { $0.clusters[name] = nil } }

    func dropletID(_ name: String) -> Int64? { ids.withLock { $0.droplets[name] } }

    func clusterID(_ name: String) -> String? { ids.withLock { $0.clusters[name] } }

    var dropletNames: [Int64: String] { ids.withLock { $0.dropletNames } }
}
