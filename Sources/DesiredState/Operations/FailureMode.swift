public import Basics

/// One code of `errors/failure_modes.yaml`.
public struct FailureMode: Sendable, Hashable {
    /// `CATEGORY.NAME`, unique.
    public let code: String
    public let category: String
    /// critical, high, medium or low.
    public let severity: String
    public let runbook: String?
    public let httpStatus: Int?
    /// Whether trying again is safe; nil where nothing says it, which counts as no.
    public let isRetryable: Bool?
    /// As written: blocking, non_blocking, non_blocking_until_fixed.
    public let ciBehavior: String?
    /// The finding that stands for it, by kind and target.
    public let findingKind: String?
    public let findingTarget: String?
    public let source: SourceMark

    public init(
        code: String, category: String, severity: String, runbook: String?, httpStatus: Int?, isRetryable: Bool?,
        ciBehavior: String?, findingKind: String?, findingTarget: String?, source: SourceMark
    ) {
        self.code = code
        self.category = category
        self.severity = severity
        self.runbook = runbook
        self.httpStatus = httpStatus
        self.isRetryable = isRetryable
        self.ciBehavior = ciBehavior
        self.findingKind = findingKind
        self.findingTarget = findingTarget
        self.source = source
    }
}

/// What `runtime/release_contract.yaml` asks of each release.
public struct ReleaseContract: Sendable, Hashable {
    /// One field of a release's manifest.
    public struct Field: Sendable, Hashable {
        public let name: String
        /// As written: `string`, `sha256:...`, `path`, `list`, `integer`, `ISO8601`.
        public let type: String?
        public let source: SourceMark

        public init(name: String, type: String?, source: SourceMark) {
            self.name = name
            self.type = type
            self.source = source
        }
    }

    public let required: [Field]
    public let optional: [Field]
    public let source: SourceMark

    public init(required: [Field], optional: [Field], source: SourceMark) {
        self.required = required
        self.optional = optional
        self.source = source
    }

    /// The required fields that a manifest with these fields lacks, in the contract's order.
    public func missing(from fields: Set<String>) -> [Field] { required.filter { !fields.contains($0.name) } }
}
