public import Basics

/// What `domains/<apex>.yaml` and the subdomain registry say of one zone.
public struct DomainPolicy: Sendable, Hashable {
    /// A name, or all names below one (`*.example.com`), that nothing may use.
    public struct Prohibition: Sendable, Hashable {
        public let name: String
        public let source: SourceMark

        public init(name: String, source: SourceMark) {
            self.name = name
            self.source = source
        }

        /// Whether it prohibits a host name, without regard to case and a final dot.
        public func covers(_ host: String) -> Bool {
            let host = HostName.normal(host)
            let name = HostName.normal(name)
            return name.hasPrefix("*.") ? host.hasSuffix(name.dropFirst()) : host == name
        }
    }

    /// A regular expression over the files of the repository; kept as written and never run.
    public struct Pattern: Sendable, Hashable {
        public let text: String
        public let exceptionPaths: [String]
        public let source: SourceMark

        public init(text: String, exceptionPaths: [String], source: SourceMark) {
            self.text = text
            self.exceptionPaths = exceptionPaths
            self.source = source
        }
    }

    /// The zone, `example.com`.
    public let apex: String
    public internal(set) var prohibited: [Prohibition] = []
    public internal(set) var patterns: [Pattern] = []
    /// False where a part of its documents could not be read.
    public internal(set) var isComplete = true
    /// In the order of the documents.
    public internal(set) var subdomains: [Subdomain] = []
    public let source: SourceMark

    public init(apex: String, source: SourceMark) {
        self.apex = apex
        self.source = source
    }
}

/// One name of a zone.
public struct Subdomain: Sendable, Hashable {
    /// Whether it is used.
    public enum Lifecycle: String, Sendable, Hashable, CaseIterable {
        case active, planned, deprecated
    }

    /// Who says at the provider that the name is ours.
    public struct Claim: Sendable, Hashable {
        /// Texts as written; nil where they are not.
        public let provider: String?
        public let status: String?
        public let claimedAt: String?
        public let reference: String?
        public let expiresAt: String?
        public let source: SourceMark

        public init(
            provider: String?, status: String?, claimedAt: String?, reference: String?, expiresAt: String?,
            source: SourceMark
        ) {
            self.provider = provider
            self.status = status
            self.claimedAt = claimedAt
            self.reference = reference
            self.expiresAt = expiresAt
            self.source = source
        }
    }

    /// The part before the zone, or `@`.
    public let name: String
    public let zone: String
    public let lifecycle: Lifecycle
    /// A, AAAA, CNAME or TXT; nil where nothing says it.
    public let type: String?
    /// What it points to; nil where that is open.
    public let data: String?
    public let service: String?
    public let isProxied: Bool?
    /// Nil where the document has none.
    public let claim: Claim?
    /// Whether it stands in the subdomain registry, where claims are asked for.
    public let isRegistered: Bool
    public let source: SourceMark
    /// Where what it points to is written; nil where nothing is.
    public internal(set) var dataSource: SourceMark?
    /// Where it is written whether it is proxied; nil where nothing is.
    public internal(set) var proxySource: SourceMark?

    public init(
        name: String, zone: String, lifecycle: Lifecycle, type: String?, data: String?, service: String?,
        isProxied: Bool?, claim: Claim?, isRegistered: Bool, source: SourceMark
    ) {
        self.name = name
        self.zone = zone
        self.lifecycle = lifecycle
        self.type = type
        self.data = data
        self.service = service
        self.isProxied = isProxied
        self.claim = claim
        self.isRegistered = isRegistered
        self.source = source
    }

    /// The whole name.
    public var host: String { name == "@" ? zone : "\(name).\(zone)" }
}

/// Host names as they are compared.
public enum HostName {
    /// Lower case, without a final dot.
    public static func normal(_ text: String) -> String {
        let lower = text.lowercased()
        return lower.hasSuffix(".") ? String(lower.dropLast()) : lower
    }

    /// Whether a name is that of a zone or lies below it; both as they are compared.
    public static func lies(_ name: String, in zone: String) -> Bool { name == zone || name.hasSuffix("." + zone) }
}
