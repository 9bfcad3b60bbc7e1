import Basics
public import DesiredState
import Formats

extension Store {
    /// Brings `ops.integrations_catalog` and `ops.integrations_installations` up to what the index says.
    ///
    /// Rows are told by their key; those of others, and of integrations that the index names no more, stay: the
    /// latter as `inactive`, for a catalogue is never emptied by a document. Nothing is written where nothing changed.
    ///
    /// - Parameters:
    ///   - integrations: the rows of the index, with what their files say.
    ///   - revision: the commit that says so.
    /// - Returns: how many rows were written.
    /// - Throws: `StoreFault`.
    @discardableResult
    public func keepIntegrations(
        _ integrations: [Integration], revision: String
    ) async throws(StoreFault) -> Int {
        let now = time.now
        let rows = integrations.compactMap { CatalogueRow($0) }
        let digest = Digest(of: rows.map { StoredJSON.sortedText($0.value) }.joined(separator: "\n")).hex
        return try await engine.transaction { (db: any SQLConnection) throws(StoreFault) -> Int in
            let before = try Self.state(Self.catalogueKey, in: db) ?? .null
            guard before["digest"]?.stringValue != digest else { return 0 }
            for table in ["integrations_catalog", "integrations_installations"]
            where try !Self.mirrors(table, in: db) { return 0 }
            for row in rows { try Self.keep(row, revision, now, db) }
            let keys = Set(rows.map(\.key))
            var gone = 0
            for key in before["keys"]?.listValue?.compactMap(\.stringValue) ?? [] where !keys.contains(key) {
                try db.run(
                    "update ops.integrations_installations set status = 'inactive', updated_at = $2 where key = $1",
                    [.text(key), .time(now)])
                gone += 1
            }
            let value: Value.Object = ["digest": .string(digest), "keys": .strings(keys.sorted())]
            try Self.setState(Self.catalogueKey, .object(value), at: now, in: db)
            return rows.count + gone
        }
    }

    private static let catalogueKey = "catalogue.integrations"

    /// Writes the columns that documents speak of; what people wrote into the others stays.
    private static func keep(
        _ row: CatalogueRow, _ revision: String, _ now: Timestamp, _ db: any SQLConnection
    ) throws(StoreFault) {
        try db.run(
            """
            insert into ops.integrations_catalog (key, name, category, provider, baseline_allowed, plan_tier, env_keys,
              notes, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
            on conflict (key) do update set name = excluded.name, category = excluded.category,
              baseline_allowed = excluded.baseline_allowed, env_keys = excluded.env_keys,
              updated_at = excluded.updated_at
            """,
            [
                .text(row.key), .text(row.name), .text(row.category), .text(row.provider), .bool(row.isBaseline),
                .text(row.isBaseline ? "baseline" : "optional"), .text(InventoryTable.array(row.secrets)),
                .text("\(row.source)"), .time(now),
            ])
        var evidence = row.evidence
        evidence["revision"] = .string(revision)
        try db.run(
            """
            insert into ops.integrations_installations (key, status, evidence, last_checked_at, updated_at)
            values ($1, $2, $3, $4, $4)
            on conflict (key) do update set status = excluded.status, evidence = excluded.evidence,
              last_checked_at = excluded.last_checked_at, updated_at = excluded.updated_at
            """, [.text(row.key), .text(row.status), .jsonb(.object(evidence)), .time(now)])
    }
}

/// One integration in the words of the catalogue.
private struct CatalogueRow {
    let key: String
    let name: String
    let category: String
    let provider: String
    let isBaseline: Bool
    let secrets: [String]
    let status: String
    let evidence: Value.Object
    let source: SourceMark

    /// Nil where no category of the catalogue fits.
    init?(_ integration: Integration) {
        guard let category = integration.catalogCategory else { return nil }
        key = integration.id
        name = integration.detail?.displayName ?? integration.id
        self.category = category
        provider = integration.vendor == "supabase" ? "supabase_native" : "direct"
        // What a file doesn't allow for all is not allowed for all.
        isBaseline = integration.detail?.isBaselineAllowed ?? false
        secrets = integration.detail?.requiredSecrets ?? []
        source = integration.source
        // A document that calls it active is a wish; the file of its installation is what shows that somebody did it.
        status =
            integration.status != "active" ? "inactive" : integration.installState != nil ? "active" : "setup_required"
        var evidence: Value.Object = [
            "status": .string(integration.status), "document": .string(integration.file),
            "index": .string("\(integration.source)"),
        ]
        if let state = integration.installState { evidence["installation"] = .string(state) }
        if let egress = integration.detail?.egress, !egress.isEmpty { evidence["egress"] = .strings(egress) }
        self.evidence = evidence
    }

    var value: Value {
        var object = evidence
        object["key"] = .string(key)
        object["name"] = .string(name)
        object["category"] = .string(category)
        object["is_baseline"] = .bool(isBaseline)
        object["secrets"] = .strings(secrets)
        return .object(object)
    }
}
