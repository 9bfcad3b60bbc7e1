public import Basics

/// What came of one policy gate.
public struct GateResult: Sendable, Hashable {
    /// Only what was looked at and found right passes; what could not be looked at is unknown.
    public enum Verdict: String, Sendable, Hashable, CaseIterable {
        case pass, fail, unknown
        /// Nothing in the repository speaks of what it is about, and nothing requires it.
        case notAsked = "not_asked"
    }

    /// Its name, as other documents call it.
    public let name: String
    /// What it holds the documents to, in one line.
    public let title: String
    public let verdict: Verdict
    /// What a script with this one check would exit with: 0 right or not asked, 1 violated, 2 an input is missing or
    /// can't be read; of `orphan_addons` 3 where a folder isn't listed.
    public let exitStatus: Int
    /// One sentence.
    public let why: String
    /// What was found, with places; errors are violations, and warnings change no verdict.
    public let findings: [Diagnostic]
    /// Where `maintenance/convergence.yaml` requires it.
    public let requiredAt: [SourceMark]

    /// The codes of what was found, sorted and unique.
    public var codes: [String] { Set(findings.map(\.code)).sorted { $0.precedesByBytes($1) } }
}

/// What gates look at besides the documents.
public struct GateInputs: Sendable, Equatable {
    /// Values of environment variables, such as `DEPLOY_ENV`.
    public var variables: [String: String]
    /// Today; nil where nothing may depend on it, so that what expires is unknown.
    public var now: Timestamp?
    /// The records at Cloudflare, as its API answered; nil where nobody asked it.
    public var dnsRecords: Observation?

    /// What somebody observed, in a file.
    public struct Observation: Sendable, Equatable {
        /// What the file is called, for messages.
        public let name: String
        public let bytes: [UInt8]

        public init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    public init(variables: [String: String] = [:], now: Timestamp? = nil, dnsRecords: Observation? = nil) {
        self.variables = variables
        self.now = now
        self.dnsRecords = dnsRecords
    }

    /// The variables that gates look at; no other one need be given.
    public static let variableNames = ["DEPLOY_ENV", "SUPABASE_STORAGE_BUCKET"]
}

/// The documents outside of the roots that gates read.
public enum GateDocuments {
    public static let canonicalURLs = "docs/architecture/CANONICAL_URLS.md"
    /// Where none is found below a root, where `dns/subdomain-registry.yaml` is its path.
    public static let subdomainRegistry = "infra/dns/subdomain-registry.yaml"

    /// A folder: `<zone>.records.yaml` lists the records of a zone at Cloudflare.
    public static let cloudflare = "infra/cloudflare"
    /// What stands in front of each host, below a root and without its ending.
    static let edgeMap = "edge/nginx_cloudflare_map"

    public static let all = [canonicalURLs, subdomainRegistry, cloudflare]
}

/// The codes of what gates find; a code never changes its meaning.
enum GateCode: String, CaseIterable {
    case missingInput = "GATE-0001"
    case unreadableInput = "GATE-0002"
    case noEvaluator = "GATE-0003"
    case undecided = "GATE-0004"
    case wrongSchema = "GATE-0005"
    case missingField = "GATE-0006"
    case unknownWord = "GATE-0007"
    case ambiguous = "GATE-0008"
    case missingPath = "GATE-0009"
    case unknownSecret = "GATE-0010"
    case bucketPrefix = "GATE-0020"
    case consumer = "GATE-0030"
    case inventoryGap = "GATE-0031"
    case rotation = "GATE-0032"
    case unlistedURL = "GATE-0040"
    case monorepo = "GATE-0050"
    case requiredFeature = "GATE-0060"
    case partialFeature = "GATE-0061"
    case unknownBridge = "GATE-0062"
    case prohibitedDomain = "GATE-0070"
    case unresolvedHost = "GATE-0071"
    case providerClaim = "GATE-0080"
    case dnsDrift = "GATE-0081"
    case proxyDrift = "GATE-0082"
    case unusableRepository = "GATE-0090"
    case unlistedRepository = "GATE-0091"
    case unpinnedRepository = "GATE-0092"
    case unlistedFolder = "GATE-0093"

    /// What the code stands for, in one line.
    var meaning: String {
        switch self {
        case .missingInput: "A gate's input is not there, so it says nothing."
        case .unreadableInput: "A gate's input can't be read, so it says nothing."
        case .noEvaluator: "A document requires a gate that no program evaluates."
        case .undecided: "A part of a gate could not be decided."
        case .wrongSchema: "A document has another schema than its gate is for."
        case .missingField: "An entry lacks a field that its document requires."
        case .unknownWord: "A value is none of the words that its document allows."
        case .ambiguous: "An entry stands twice, so what it says is not known."
        case .missingPath: "A path that has to be in the repository is not."
        case .unknownSecret: "A secret is used that the registry doesn't have."
        case .bucketPrefix: "A bucket's name doesn't begin with the prefix of the environment."
        case .consumer: "A consumer of a secret is not written as store:identifier with a known store."
        case .inventoryGap: "Registry and inventory of secrets don't hold the same ids."
        case .rotation: "Whether a secret has to be rotated is not written as true or false."
        case .unlistedURL: "A required address is not in the list of canonical addresses."
        case .monorepo: "A project's settings don't fit the monorepo."
        case .requiredFeature: "A required feature is missing."
        case .partialFeature: "A feature is there only in part, or missing without being required."
        case .unknownBridge: "A feature relies on a bridge that the catalogue doesn't have."
        case .prohibitedDomain: "A prohibited domain is used."
        case .unresolvedHost: "An active host doesn't say what it resolves to."
        case .providerClaim: "A DNS name's claim at its provider is missing, incomplete or over."
        case .dnsDrift: "The records at Cloudflare are not those that are wanted."
        case .proxyDrift: "A name goes through Cloudflare's proxy and must not, or doesn't and has to."
        case .unusableRepository: "A repository of modules is blocked, empty or on another version."
        case .unlistedRepository: "A repository of modules is used that the list doesn't have."
        case .unpinnedRepository: "A repository is not pinned to a commit."
        case .unlistedFolder: "A module's folder is there that the list of such folders doesn't have."
        }
    }
}
