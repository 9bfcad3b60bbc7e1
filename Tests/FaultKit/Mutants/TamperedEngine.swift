import Basics
import Store

/// A store whose statements are changed or left out on their way.
struct TamperedEngine: SQLEngine {
    typealias Run = (String, [SQLValue]) throws(StoreFault) -> [SQLRow]

    let inner: any SQLEngine
    /// Gets each statement, and how to run one.
    let tamper: @Sendable (String, [SQLValue], Run) throws(StoreFault) -> [SQLRow]

    var dialect: SQLDialect { inner.dialect }
    var place: String { inner.place }

    func transaction<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await inner.transaction { (db: any SQLConnection) throws(StoreFault) -> T in
            try body(Connection(inner: db, tamper: tamper))
        }
    }

    func read<T: Sendable>(
        _ body: @escaping @Sendable (any SQLConnection) throws(StoreFault) -> T
    ) async throws(StoreFault) -> T {
        try await inner.read { (db: any SQLConnection) throws(StoreFault) -> T in
            try body(Connection(inner: db, tamper: tamper))
        }
    }

    func close() async { await inner.close() }

    private struct Connection: SQLConnection {
        let inner: any SQLConnection
        let tamper: @Sendable (String, [SQLValue], Run) throws(StoreFault) -> [SQLRow]

        func run(_ sql: String, _ binds: [SQLValue]) throws(StoreFault) -> [SQLRow] {
            try tamper(sql, binds) { (sql: String, binds: [SQLValue]) throws(StoreFault) -> [SQLRow] in
                try inner.run(sql, binds)
            }
        }
    }
}

extension TamperedEngine {
    /// Statements that begin so are left out.
    init(_ inner: any SQLEngine, without beginning: String) {
        self.init(inner: inner) { (sql, binds, run) throws(StoreFault) -> [SQLRow] in
            sql.hasPrefix(beginning) ? [] : try run(sql, binds)
        }
    }

    /// A part of a statement is another one.
    init(_ inner: any SQLEngine, replacing text: String, with other: String) {
        self.init(inner: inner) { (sql, binds, run) throws(StoreFault) -> [SQLRow] in
            try run(sql.replacing(text, with: other), binds)
        }
    }
}

/// The intent of a step is written only together with its outcome.
struct JournalAfterEffect: Mutant {
    let name = "journal-after-effect"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        // They go with their process.
        let intents = Locked<[(sql: String, binds: [SQLValue])]>([])
        return TamperedEngine(inner: inner) { (sql, binds, run) throws(StoreFault) -> [SQLRow] in
            if sql.hasPrefix("insert into ops.reconcile_steps") {
                intents.withLock { $0.append((sql, binds)) }
                return [SQLRow([binds[1]])]
            }
            if sql.hasPrefix("update ops.reconcile_steps set state") {
                let late = intents.withLock { intents in
                    defer { intents = [] }
                    return intents
                }
                for intent in late { _ = try run(intent.sql, intent.binds) }
            }
            return try run(sql, binds)
        }
    }
}

/// The inventory forgets an object as soon as its deletion is intended.
struct InventoryAheadOfDelete: Mutant {
    let name = "inventory-ahead-of-delete"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner: inner) { (sql, binds, run) throws(StoreFault) -> [SQLRow] in
            if sql.hasPrefix("insert into ops.reconcile_steps"), case .text("delete") = binds[3] {
                _ = try run("delete from ops.reconcile_inventory where resource_key = $1", [binds[2]])
            }
            return try run(sql, binds)
        }
    }
}

/// Whether the lease is still ours is never looked up, and every renewal is believed.
struct FenceUnchecked: Mutant {
    let name = "fence-unchecked"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner: inner) { (sql, binds, run) throws(StoreFault) -> [SQLRow] in
            if sql.hasPrefix("select token from ops.leases") || sql.hasPrefix("update ops.leases set expires_at = $4") {
                return [SQLRow([.int(1)])]
            }
            return try run(sql, binds)
        }
    }
}

/// The lease is never given back.
struct LeaseKept: Mutant {
    let name = "lease-kept"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner, without: "update ops.leases set holder = ''")
    }
}

/// What differed once is told for ever.
struct DriftKept: Mutant {
    let name = "drift-kept"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner, without: "update ops.drift_items set status = 'resolved'")
    }
}

/// The link of a run's evidence is not kept.
struct EvidenceUnchained: Mutant {
    let name = "evidence-unchained"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner, without: "insert into ops.evidence_chain")
    }
}

/// What people do by hand is logged, and has no link in the chain.
struct AuditUnchained: Mutant {
    let name = "audit-unchained"

    func engine(_ inner: any SQLEngine) -> any SQLEngine {
        TamperedEngine(inner, without: "insert into ops.audit_chain")
    }
}
