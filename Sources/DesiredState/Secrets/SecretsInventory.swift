public import Basics

/// What `secrets/inventory.yaml` says: what is known of each secret, with the evidence for it.
public struct SecretsInventory: Sendable, Hashable {
    /// Where it stands; nil where the commit has none.
    public internal(set) var path: String?
    /// Its `schema`, as written.
    public internal(set) var schema: String?
    /// False where the document or a part of it could not be read.
    public internal(set) var isComplete = true
    /// Sorted by id; ids are unique.
    public internal(set) var entries: [Entry] = []

    public init() {}

    /// Yes, no, or not known.
    public enum Answer: String, Sendable, Hashable {
        case yes, no, unknown
    }

    /// What is known of one secret.
    public struct Entry: Sendable, Hashable {
        public let id: String
        /// False where a fault touched it.
        public internal(set) var isSound = true
        public internal(set) var environments: [String] = []
        /// `status.value`, as written: working, stale, missing or unknown.
        public internal(set) var status: String?
        /// The kinds of evidence, as written.
        public internal(set) var evidenceKinds: [String] = []
        public internal(set) var rotateNow = Answer.unknown
        /// Whether `rotation.rotate_now` is written as true or false and not as a text.
        public internal(set) var isRotateNowBoolean = false
        public internal(set) var rotation: SecretRotation?
        /// When it was replaced last, where that is written.
        public internal(set) var rotatedAt: Timestamp?
        /// Whether its name was seen in a store, by the store's usual name.
        public internal(set) var seen: [String: Answer] = [:]
        public let source: SourceMark
        /// Where status and rotation stand.
        var statusMark: SourceMark
        var rotationMark: SourceMark

        public init(id: String, source: SourceMark) {
            self.id = id
            self.source = source
            statusMark = source
            rotationMark = source
        }
    }

    public subscript(id: String) -> Entry? { entries.first { $0.id == id } }
}
