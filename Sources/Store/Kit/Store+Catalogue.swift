public import Basics
import DesiredState
import Formats

/// One integration of the catalogue, as documents and people describe it.
public struct CatalogueEntry: Sendable, Hashable {
    public let key: String
    public let name: String
    public let category: String
    /// By whom it comes, in the catalogue's words: `direct`, `supabase_native`, ….
    public let provider: String
    /// Whether every installation may have it.
    public let isBaseline: Bool
    public let planTier: String
    /// Names of the secrets that it needs.
    public let secrets: [String]
    /// `active`, `inactive`, `setup_required` or `error`.
    public let status: String
    public let summary: String?
    public let docsURL: String?
    /// Hosts that it calls.
    public let egress: [String]
    /// The document that describes it.
    public let documentPath: String?
    public let checkedAt: Timestamp?
}

extension Store {
    /// The catalogue of integrations, those of the baseline first.
    ///
    /// - Throws: `StoreFault`.
    public func catalogue() async throws(StoreFault) -> [CatalogueEntry] {
        try await engine.read { (db: any SQLConnection) throws(StoreFault) -> [CatalogueEntry] in
            for table in ["integrations_catalog", "integrations_installations"]
            where try !Self.mirrors(table, in: db) { return [] }
            var entries: [CatalogueEntry] = []
            for row in try db.run(
                """
                select c.key, c.name, c.category, c.provider, c.baseline_allowed, c.plan_tier, c.env_keys, c.description,
                  c.docs_url, coalesce(i.status, 'inactive'), i.evidence, i.last_checked_at
                from ops.integrations_catalog c left join ops.integrations_installations i on i.key = c.key
                """)
            {
                let evidence = try row.jsonb(10)
                entries.append(
                    CatalogueEntry(
                        key: try row.text(0), name: try row.text(1), category: try row.text(2),
                        provider: try row.text(3), isBaseline: try row.bool(4), planTier: try row.text(5),
                        secrets: TextArray.texts(try row.text(6)), status: try row.text(9),
                        summary: row.optionalText(7), docsURL: row.optionalText(8),
                        egress: evidence["egress"]?.listValue?.compactMap(\.stringValue) ?? [],
                        documentPath: evidence["document"]?.stringValue, checkedAt: try row.optionalTime(11)))
            }
            // Here and not in SQL: the engines order texts differently.
            return entries.sorted { a, b in
                a.isBaseline == b.isBaseline ? a.key.precedesByBytes(b.key) : a.isBaseline
            }
        }
    }
}

/// A list of texts in the form of PostgreSQL, which the other engine keeps as a text.
enum TextArray {
    /// The items of `{a,"b c"}`.
    static func texts(_ array: String) -> [String] {
        guard array.hasPrefix("{"), array.hasSuffix("}") else { return [] }
        var items: [String] = []
        var item = ""
        var (isQuoted, isEscaped, hasItem) = (false, false, false)
        for character in array.dropFirst().dropLast() {
            switch character {
            case _ where isEscaped:
                item.append(character)
                isEscaped = false
            case "\\": isEscaped = true
            case "\"":
                isQuoted.toggle()
                hasItem = true
            case "," where !isQuoted:
                items.append(item)
                item = ""
            default:
                item.append(character)
                hasItem = true
            }
        }
        return hasItem ? items + [item] : items
    }
}
