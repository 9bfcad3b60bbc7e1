public import Basics

/// Where work items come from: `sources/github/work_items.yaml`, `sources/plane/work_items.yaml`.
///
/// A `${NAME}` in a text is kept as it is written.
public struct WorkItemSource: Sendable, Hashable {
    /// The folder that it stands in: `github`, `plane`.
    public let provider: String
    /// As written, such as `github_issues`.
    public let kind: String
    /// How often they are fetched when no webhook tells; nil where it isn't written.
    public let refresh: Duration?
    public let webhookEndpoint: String?
    public let signatureHeader: String?
    public let signaturePrefix: String?
    /// The id of the secret in the registry; never its value.
    public let secretID: String?
    public let table: String
    public let upsertKey: [String]
    public let referenceFormat: String
    /// Column and the path in the item, sorted by column.
    public let fields: [Field]
    public let source: SourceMark

    /// One column of the table.
    public struct Field: Sendable, Hashable {
        public let column: String
        public let path: String

        public init(column: String, path: String) {
            self.column = column
            self.path = path
        }
    }

    public init(
        provider: String, kind: String, refresh: Duration?, webhookEndpoint: String?, signatureHeader: String?,
        signaturePrefix: String?, secretID: String?, table: String, upsertKey: [String], referenceFormat: String,
        fields: [Field], source: SourceMark
    ) {
        self.provider = provider
        self.kind = kind
        self.refresh = refresh
        self.webhookEndpoint = webhookEndpoint
        self.signatureHeader = signatureHeader
        self.signaturePrefix = signaturePrefix
        self.secretID = secretID
        self.table = table
        self.upsertKey = upsertKey
        self.referenceFormat = referenceFormat
        self.fields = fields
        self.source = source
    }
}
