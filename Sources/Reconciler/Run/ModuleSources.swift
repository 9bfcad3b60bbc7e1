import Basics
import DesiredState
import Diff
public import Drivers
import Formats

/// A server from which lists of modules are read and nothing else, by the cluster that environments name.
public struct ModuleServer: Sendable {
    /// The `database_cluster` of environments.
    public let cluster: String
    public let listing: any ModuleListing

    public init(cluster: String, listing: any ModuleListing) {
        self.cluster = cluster
        self.listing = listing
    }
}

/// One database to look into.
struct ModuleQuestion: Sendable {
    let environment: String
    /// The resource that is its database.
    let database: ResourceKey
    /// What the server calls it.
    let name: String
    /// False: it was seen that it is not there.
    let isThere: Bool
    let listing: any ModuleListing
    /// The server of `modules.servers`; nil: that of a driver.
    let cluster: String?
    /// Where that is, `db.example:5432`; nil where that can't be told.
    let server: String?
}

/// Through which server the modules of each environment are read, and why those of others are not.
///
/// A cluster that `modules.servers` names is read there alone, whatever else leads to it. Of it nobody has to have seen the
/// database: the server says itself whether it is there. All others are read through the driver whose server they are on.
struct ModuleSources {
    /// By environment.
    private(set) var questions: [String: ModuleQuestion] = [:]
    /// Why nobody looks, by environment; nothing of those that no document names a database for.
    ///
    /// A database that the inventory declares is no resource of the environment that names it, which is why no driver reads it.
    private(set) var silences: [String: String] = [:]

    private let observed: ObservedState
    private let drivers: [any Driver]
    private let listing: (any ModuleListing)?
    private let named: [String: (listing: any ModuleListing, server: String?)]

    init(_ desired: DesiredState, _ observed: ObservedState, drivers: [any Driver], servers: [ModuleServer]) {
        self.observed = observed
        self.drivers = drivers
        listing = drivers.lazy.compactMap { $0 as? any ModuleListing }.first
        let all = servers.map { ($0.cluster, (listing: $0.listing, server: $0.listing.server)) }
        named = Dictionary(all, uniquingKeysWith: { first, _ in first })
        // As the environment names it: the database may be one that the inventory declares, which is then no environment's.
        for environment in named.isEmpty ? [] : desired.environments {
            guard let cluster = environment.databaseCluster, named[cluster] != nil, let name = environment.database
            else { continue }
            add(environment.slug, ResourceKey(.database, "\(cluster)/\(name)"))
        }
        var declared: [ResourceKey: SourceMark] = [:]
        for resource in desired.resources
        where resource.key.kind == .serverDatabase || resource.key.kind == .database {
            if let environment = resource.environment {
                add(environment, resource.key)
            } else {
                declared[resource.key] = resource.source
            }
        }
        for environment in desired.environments
        where questions[environment.slug] == nil && silences[environment.slug] == nil {
            guard let name = environment.database else { continue }
            silences[environment.slug] = Self.silence(name, on: environment.databaseCluster, declared)
        }
    }

    /// Why nobody looks into a database that a document names for an environment, and that is none of its own resources.
    private static func silence(
        _ name: String, on cluster: String?, _ declared: [ResourceKey: SourceMark]
    ) -> String {
        guard let cluster else {
            return
                "a document names the database \(name) for it, and no database_cluster that would say where that is: name "
                + "its cluster"
        }
        let way = "its list is only read where modules.servers.\(cluster) names a server: name it there"
        guard let source = declared[ResourceKey(.database, "\(cluster)/\(name)")] else {
            return
                "what the documents want of the database \(cluster)/\(name) can't be known: see what `reconcile validate` "
                + "says of it; meanwhile \(way)"
        }
        return "the database \(cluster)/\(name) is one that the inventory declares (\(source)), so that \(way)"
    }

    private mutating func add(_ environment: String, _ key: ResourceKey) {
        guard questions[environment] == nil else { return }
        let (found, silence) = answer(environment, key)
        questions[environment] = found
        if silences[environment] == nil { silences[environment] = silence }
    }

    /// Who can look into a database, or why nobody can.
    private func answer(_ environment: String, _ key: ResourceKey) -> (ModuleQuestion?, silence: String?) {
        let isSeen = observed.resource(key) != nil
        let isAbsent = !isSeen && observed.kinds[key.kind]?.completeness(of: key.name).isComplete == true
        func question(
            _ name: String, _ listing: any ModuleListing, of cluster: String?, at server: String?
        ) -> ModuleQuestion {
            ModuleQuestion(
                environment: environment, database: key, name: name, isThere: !isAbsent, listing: listing,
                cluster: cluster, server: server)
        }
        let (cluster, name) = Self.place(of: key)
        if let cluster, let (listing, server) = named[cluster] {
            // A list that is another cluster's would be believed.
            if let other = server.flatMap({ self.cluster(at: $0) }), other != cluster {
                return (
                    nil,
                    "modules.servers.\(cluster) leads to \(server ?? ""), which is the cluster \(other): write the address "
                        + "of \(cluster) there"
                )
            }
            return (question(name, listing, of: cluster, at: server), nil)
        }
        let way = cluster.map { ", or name a server to read its lists from as modules.servers.\($0)" } ?? ""
        guard let listing else {
            return (nil, "no PostgreSQL server is configured: set POSTGRES_ADMIN_URL\(way)")
        }
        let driver = if let cluster { driver(ofCluster: cluster) } else { driver(ofServersOwn: key) }
        guard let driver else {
            let server = listing.server ?? "that of POSTGRES_ADMIN_URL"
            let remedy = cluster.map { ": name the one to read its lists from as modules.servers.\($0)" } ?? ""
            return (nil, "the database \(key.name) is on another server than \(server)\(remedy)")
        }
        guard isSeen || isAbsent else {
            return (nil, "nobody has seen whether the database \(key.name) is there")
        }
        return (question(name, driver, of: nil, at: driver.server), nil)
    }

    /// The cluster that a database lies in, and what its server calls it; nil where that is a server's own.
    private static func place(of key: ResourceKey) -> (cluster: String?, name: String) {
        let parts = key.name.split(separator: "/", maxSplits: 1).map(String.init)
        return key.kind == .database && parts.count == 2 ? (parts[0], parts[1]) : (nil, key.name)
    }

    /// The driver that looks after a server's own database.
    private func driver(ofServersOwn key: ResourceKey) -> (any ModuleListing)? {
        guard key.kind == .serverDatabase else { return nil }
        return drivers.first { $0.provider == key.kind.provider } as? any ModuleListing
    }

    /// The driver whose credential leads to that very cluster.
    private func driver(ofCluster name: String) -> (any ModuleListing)? {
        guard let cluster = observed.resource(ResourceKey(.databaseCluster, name)) else { return nil }
        let names = Self.names(of: cluster)
        return drivers.lazy.compactMap { $0 as? any ModuleListing }.first { $0.server.map(names.contains) == true }
    }

    /// The cluster that was seen at an address.
    private func cluster(at server: String) -> String? {
        observed.kinds[.databaseCluster]?.resources.first { Self.names(of: $0).contains(server) }?.key.name
    }

    /// Where a cluster is reached.
    ///
    /// DigitalOcean gives each cluster a second name for its private network (its manual, "Connect to a cluster").
    private static func names(of cluster: ObservedResource) -> [String] {
        guard let host = cluster.attributes["host"]?.stringValue, let port = cluster.attributes["port"]?.intValue else {
            return []
        }
        return ["\(host):\(port)", "private-\(host):\(port)"]
    }
}

/// Of which environments it can be seen which modules Odoo has installed.
public struct ModuleReach: Sendable {
    private let sources: [String: String]
    private let silences: [String: String]

    public init(_ reconciler: Reconciler, _ outlook: Outlook) {
        let found = reconciler.moduleSources(outlook.desired, outlook.observed)
        sources = found.questions.mapValues { question in
            let name = question.cluster.map { "modules.servers.\($0)" } ?? "POSTGRES_ADMIN_URL"
            return name + (question.server.map { " (\($0))" } ?? "")
        }
        silences = found.silences
    }

    /// Why no pass looks which modules an environment has installed; nil where one does, as soon as it is due.
    public func silence(of environment: String) -> String? {
        sources[environment] != nil ? nil : silences[environment] ?? "no document names a database for it"
    }

    /// Through what its list is read, with host and port where they can be told; nil where nobody looks.
    public func source(of environment: String) -> String? { sources[environment] }
}

extension Reconciler {
    /// Where the modules of each environment are read.
    func moduleSources(_ desired: DesiredState, _ observed: ObservedState) -> ModuleSources {
        ModuleSources(desired, observed, drivers: drivers, servers: moduleServers)
    }
}
