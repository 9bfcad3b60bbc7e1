public import Basics

/// How many machines and clusters run.
public struct ActiveNodes: Sendable, Hashable {
    public var droplets = 0
    public var clusters = 0

    public init() {}

    /// Whether none runs, or none is known to.
    public var isNone: Bool { droplets == 0 && clusters == 0 }
}

/// One row of what a provider holds, by the names of its columns; all as text.
public struct MirrorRow: Sendable, Hashable {
    private let values: [String: String]

    init(_ columns: [String], _ row: SQLRow) {
        var values: [String: String] = [:]
        for (index, column) in columns.enumerated() { values[column] = row.optionalText(index) }
        self.values = values
    }

    public subscript(column: String) -> String? { values[column] }

    /// The instant in a column; nil where there is none.
    public func time(_ column: String) -> Timestamp? { values[column].flatMap { Timestamp($0) } }
}

/// A message that was caught or sent, as its row shows it.
public struct MailRow: Sendable, Hashable {
    public let environment: String
    public let subject: String?
    public let sender: String?
    public let recipient: String?
    public let transport: String?
    public let stamp: String?
    public let receivedAt: Timestamp
}

extension Store {
    /// The mirrors that pages show.
    public enum Mirror: String, Sendable, CaseIterable {
        case droplets = "do_droplets"
        case databases = "do_databases"
        case firewalls = "do_firewalls"
        case ingestRuns = "do_ingest_runs"

        var columns: [String] {
            switch self {
            case .droplets:
                [
                    "name", "region", "size_slug", "ipv4_public", "status", "image_slug", "vcpus", "memory_mb",
                    "disk_gb",
                    "created_at_do", "updated_at", "do_id",
                ]
            case .databases:
                [
                    "name", "engine", "version", "region", "status", "size_slug", "num_nodes", "endpoint_host",
                    "endpoint_port", "updated_at", "do_id",
                ]
            case .firewalls: ["name", "status", "inbound_rules", "outbound_rules", "updated_at", "do_id"]
            case .ingestRuns: ["started_at", "finished_at", "status", "counts", "last_error", "triggered_by"]
            }
        }

        var rest: String {
            self == .ingestRuns
                ? "order by started_at desc limit 20" : "where deleted_at is null order by name limit 500"
        }
    }

    /// What a provider held when it was looked at last; empty where the table is another program's.
    ///
    /// - Throws: `StoreFault`.
    public func mirror(_ mirror: Mirror) async throws(StoreFault) -> [MirrorRow] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [MirrorRow] in
            guard try Self.mirrors(mirror.rawValue, in: db) else { return [] }
            let columns = mirror.columns
            return try db.run(
                "select \(columns.joined(separator: ", ")) from ops.\(mirror.rawValue) \(mirror.rest)", []
            ).map { MirrorRow(columns, $0) }
        }
    }

    /// How many droplets are active and how many clusters online.
    ///
    /// - Throws: `StoreFault`.
    public func activeNodes() async throws(StoreFault) -> ActiveNodes {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> ActiveNodes in
            var nodes = ActiveNodes()
            if try Self.mirrors("do_droplets", in: db) {
                nodes.droplets = Int(
                    clamping: try db.run(
                        "select count(*) from ops.do_droplets where status = 'active' and deleted_at is null", []
                    ).first?.int(0) ?? 0)
            }
            if try Self.mirrors("do_databases", in: db) {
                nodes.clusters = Int(
                    clamping: try db.run(
                        "select count(*) from ops.do_databases where status = 'online' and deleted_at is null", []
                    ).first?.int(0) ?? 0)
            }
            return nodes
        }
    }

    /// The latest messages, newest first.
    ///
    /// - Parameters:
    ///   - environment: `prod`, `stage`, `dev` or `unknown`; nil: all.
    ///   - limit: how many at the most.
    /// - Returns: the rows.
    /// - Throws: `StoreFault`.
    public func mailEvents(environment: String? = nil, limit: Int) async throws(StoreFault) -> [MailRow] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [MailRow] in
            guard try Self.mirrors("mail_events", in: db) else { return [] }
            var rows: [MailRow] = []
            let binds: [SQLValue] = [.int(Int64(max(0, limit)))] + (environment.map { [.text($0)] } ?? [])
            for row in try db.run(
                """
                select env, subject, sender, recipient, transport, stamp, received_at from ops.mail_events
                \(environment == nil ? "" : "where env = $2") order by received_at desc, id desc limit $1
                """, binds)
            {
                rows.append(
                    MailRow(
                        environment: try row.text(0), subject: row.optionalText(1), sender: row.optionalText(2),
                        recipient: row.optionalText(3), transport: row.optionalText(4), stamp: row.optionalText(5),
                        receivedAt: try row.time(6)))
            }
            return rows
        }
    }

    /// The things that are marked before they go, sorted by key.
    ///
    /// - Throws: `StoreFault`.
    public func markedForRemoval() async throws(StoreFault) -> [(
        key: String, environment: String?, markedAt: Timestamp
    )] {
        try await engine.read {
            (db: any SQLConnection) throws(StoreFault) -> [(key: String, environment: String?, markedAt: Timestamp)] in
            var rows: [(key: String, environment: String?, markedAt: Timestamp)] = []
            for row in try db.run(
                "select resource_key, environment, marked_at from ops.prune_marks order by resource_key limit 500", [])
            {
                rows.append((try row.text(0), row.optionalText(1), try row.time(2)))
            }
            return rows
        }
    }
}
