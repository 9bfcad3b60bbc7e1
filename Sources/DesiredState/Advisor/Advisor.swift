public import Basics

/// What the advisor looks for: the documents below `advisor/`.
public struct Advisor: Sendable, Hashable {
    /// Sorted by id; ids are unique across the packs.
    public var rules: [AdvisorRule] = []
    /// In the order of their documents.
    public var packs: [AdvisorPack] = []
    /// Sorted by id.
    public var rubrics: [AdvisorRubric] = []
    /// Sorted by id.
    public var workbooks: [AdvisorWorkbook] = []

    public init() {}
}

/// One rule of a rule pack.
public struct AdvisorRule: Sendable, Hashable {
    /// How much a finding matters.
    public enum Severity: String, Sendable, Hashable, CaseIterable {
        case critical, high, medium, low, informational
    }

    public let id: String
    public let pack: String
    /// As written, such as `reliability`.
    public let pillar: String
    public let severity: Severity
    /// Where the pack has its rules from: a path or a name.
    public let origin: String?
    public let title: String
    /// What has to hold, for people.
    public let check: String
    /// The requests that the check names, as `GET /v2/droplets`, in order and without repetition.
    public let queries: [String]
    /// The fields that a finding brings as evidence.
    public let evidence: [String]
    /// The workbook that mends it; nil where none is named.
    public let workbook: String?
    public let source: SourceMark

    public init(
        id: String, pack: String, pillar: String, severity: Severity, origin: String?, title: String, check: String,
        queries: [String], evidence: [String], workbook: String?, source: SourceMark
    ) {
        self.id = id
        self.pack = pack
        self.pillar = pillar
        self.severity = severity
        self.origin = origin
        self.title = title
        self.check = check
        self.queries = queries
        self.evidence = evidence
        self.workbook = workbook
        self.source = source
    }
}

/// What a rule pack says that a program can compare: its rules are text for people.
public struct AdvisorPack: Sendable, Hashable {
    public let id: String
    /// In per cent by metric and level, as `disk_warn`; of those that are written as numbers.
    public let thresholds: [String: Double]
    /// The names of the droplets that its rules look at; nil where it lists none.
    public let droplets: [String]?

    public init(id: String, thresholds: [String: Double], droplets: [String]?) {
        self.id = id
        self.thresholds = thresholds
        self.droplets = droplets
    }
}

/// A scale of maturity: dimensions that are scored, and bands of the sum.
public struct AdvisorRubric: Sendable, Hashable {
    /// One thing that is scored from 0 to its highest score.
    public struct Dimension: Sendable, Hashable {
        public let id: String
        public let title: String
        public let highestScore: Int
        public let source: SourceMark

        public init(id: String, title: String, highestScore: Int, source: SourceMark) {
            self.id = id
            self.title = title
            self.highestScore = highestScore
            self.source = source
        }
    }

    /// A range of sums with its name.
    public struct Band: Sendable, Hashable {
        public let label: String
        public let range: ClosedRange<Int>
        public let severity: AdvisorRule.Severity?

        public init(label: String, range: ClosedRange<Int>, severity: AdvisorRule.Severity?) {
            self.label = label
            self.range = range
            self.severity = severity
        }
    }

    public let id: String
    public let pillar: String
    /// In the order in which they are written.
    public let dimensions: [Dimension]
    /// From the lowest.
    public let bands: [Band]
    public let source: SourceMark

    public init(id: String, pillar: String, dimensions: [Dimension], bands: [Band], source: SourceMark) {
        self.id = id
        self.pillar = pillar
        self.dimensions = dimensions
        self.bands = bands
        self.source = source
    }
}

/// Steps by which people mend what the advisor found.
public struct AdvisorWorkbook: Sendable, Hashable {
    /// One step, in order.
    public struct Step: Sendable, Hashable {
        public let number: Int
        public let needsEvidence: Bool
        /// A script or page that does it; nil where it is done by hand.
        public let automation: String?

        public init(number: Int, needsEvidence: Bool, automation: String?) {
            self.number = number
            self.needsEvidence = needsEvidence
            self.automation = automation
        }
    }

    public let id: String
    public let pillar: String
    public let steps: [Step]
    public let source: SourceMark

    public init(id: String, pillar: String, steps: [Step], source: SourceMark) {
        self.id = id
        self.pillar = pillar
        self.steps = steps
        self.source = source
    }
}
