public import Basics

/// What `secrets/registry.yaml` says: which secrets there are, and in which stores their names should be found.
///
/// It holds names only, never a value.
public struct SecretsRegistry: Sendable, Hashable {
    /// Where it stands; nil where the commit has none.
    public internal(set) var path: String?
    /// Its `schema`, as written.
    public internal(set) var schema: String?
    /// False where the document or a section of it could not be read: a secret that isn't here may be there.
    public internal(set) var isComplete = true
    /// `schema_rules.required_fields`, as written.
    public internal(set) var requiredFields: [String] = []
    /// `schema_rules.consumer_stores`, as written.
    public internal(set) var consumerStores: [String] = []
    /// Every entry of both sections, sorted by id, then section; an id of two sections has two entries.
    public internal(set) var entries: [SecretEntry] = []

    public init() {}

    /// All ids, sorted and unique, those of faulty entries too.
    public var ids: [String] { Set(entries.map(\.id)).sorted { $0.precedesByBytes($1) } }

    /// The entries of an id, `secrets` before `v2_entries`.
    public func entries(of id: String) -> [SecretEntry] { entries.filter { $0.id == id } }
}

/// One secret, as one section of the registry describes it.
public struct SecretEntry: Sendable, Hashable {
    /// The map in which it stands; the raw value is its key.
    public enum Section: String, Sendable, Hashable, CaseIterable {
        case first = "secrets"
        case second = "v2_entries"
    }

    /// What the registry says of its existence.
    public enum Expectation: String, Sendable, Hashable {
        /// It has to be there.
        case present
        /// It isn't there yet and is not missed.
        case planned
        /// It should be gone.
        case absent
        /// It may be there for a time.
        case tolerated
    }

    /// One use, `store:identifier` in the first form, kind and name in the second.
    public struct Consumer: Sendable, Hashable {
        /// As written; nil where it is written in the second form.
        public let text: String?
        /// The store or kind, as written; nil where it can't be told.
        public let store: String?
        public let identifier: String?
        /// The project of the store, such as one at Vercel.
        public let project: String?
        public let source: SourceMark
        /// Where the project is written; nil where none is.
        public internal(set) var projectSource: SourceMark?

        public init(text: String?, store: String?, identifier: String?, project: String?, source: SourceMark) {
            self.text = text
            self.store = store
            self.identifier = identifier
            self.project = project
            self.source = source
        }
    }

    public let id: String
    public let section: Section
    /// False where a fault touched it: the rest is what could be read, and nothing is wanted from it.
    public internal(set) var isSound = true
    /// Whether its id stands more than once in its section.
    public internal(set) var isAmbiguous = false
    /// The keys that hold something, sorted.
    public internal(set) var filledFields: [String] = []
    public internal(set) var scope: String?
    public internal(set) var expectation = Expectation.present
    /// `status.severity_if_missing`, as written.
    public internal(set) var severityIfMissing: String?
    /// Where that is written; nil where it isn't.
    public internal(set) var severitySource: SourceMark?
    /// Where its name should be found; one place for each store and name.
    public internal(set) var places: [SecretPlace] = []
    public internal(set) var consumers: [Consumer] = []
    /// Stores that must not hold it, in their usual names.
    public internal(set) var prohibitedStores: [String] = []
    public internal(set) var rotation: SecretRotation?
    /// The first instant after `expiry_date`.
    public internal(set) var expires: Timestamp?
    /// The first instant of `review_date`.
    public internal(set) var review: Timestamp?
    public let source: SourceMark
    /// The code of the fault that touched it.
    var faultCode = ""

    public init(id: String, section: Section, source: SourceMark) {
        self.id = id
        self.section = section
        self.source = source
    }

    /// The stores of its places, sorted and unique.
    public var stores: [String] { Set(places.map(\.store)).sorted { $0.precedesByBytes($1) } }
}

/// A store with the name under which it should know a secret.
public struct SecretPlace: Sendable, Hashable {
    /// `github_actions`, `vercel_env`, `supabase_vault`, `os_keychain` and others, in their usual names.
    public let store: String
    /// The secret's name there.
    public let name: String
    /// Whether the registry writes the name; else it follows from the id, and not finding it proves little.
    public let isWritten: Bool
    public let source: SourceMark

    public init(store: String, name: String, isWritten: Bool, source: SourceMark) {
        self.store = store
        self.name = name
        self.isWritten = isWritten
        self.source = source
    }
}

/// How often a secret should be replaced.
public enum SecretRotation: Sendable, Hashable {
    /// So many days after the last time.
    case every(days: Int)
    case never
    /// When something happens, such as somebody leaving; nobody can tell from a calendar.
    case onEvent

    /// Reads `90d`, `quarterly`, `never`, and the beginning of a sentence: `Annually or on offboarding`.
    public init(text: String) {
        let words = Self.words(of: text.lowercased())
        if let lifetime = try? TimeToLive(parsing: text) {
            switch lifetime {
            case .never: self = .never
            case .after(let duration): self = .every(days: Int(max(1, duration.components.seconds / 86_400)))
            }
            return
        }
        switch words.first {
        case "annually", "yearly": self = .every(days: 365)
        case "quarterly": self = .every(days: 90)
        case "monthly": self = .every(days: 30)
        case "weekly": self = .every(days: 7)
        case "every" where words.count >= 3:
            let unit = ["day": 1, "week": 7, "month": 30, "year": 365].first { words[2].hasPrefix($0.key) }?.value
            if let count = Int(words[1]), (1...1_000).contains(count), let unit {
                self = .every(days: count * unit)
            } else {
                self = .onEvent
            }
        case "never", "static": self = .never
        case "n" where words.dropFirst().first == "a": self = .never
        default: self = .onEvent
        }
    }
}

extension SecretRotation {
    /// What stands between other characters than letters and numbers; nearly always that is told by bytes.
    private static func words(of text: String) -> [String] {
        guard text.utf8.allSatisfy({ $0 < 128 }) else {
            return text.split { !$0.isLetter && !$0.isNumber }.map { String($0) }
        }
        return text.utf8.split { !(97...122).contains($0) && !(48...57).contains($0) }.map { String(Substring($0)) }
    }
}

extension SecretRotation: CustomStringConvertible {
    public var description: String {
        switch self {
        case .every(let days): "every \(days.of("day"))"
        case .never: "never"
        case .onEvent: "on an event"
        }
    }
}
