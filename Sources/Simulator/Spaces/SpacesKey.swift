import Formats

/// An access key of Spaces and what it may do.
///
/// Facts: DigitalOcean's API reference, "Spaces Keys". What a key with grants for single buckets may do to a bucket itself
/// isn't written there; here it reads and writes what is in them, and all else needs full access.
struct SpacesKey: Sendable {
    /// What `/_simulator/environment` hands out where no other is set: the id, a colon and the secret.
    static let placeholder = "DO00SIMULATED:secret-of-the-simulator"

    let id: String
    /// Nil where nobody knows it: the key was made before the simulator was, and no signature by it can be right.
    let secret: String?
    private let isFull: Bool
    /// By the bucket, whether it may also be written to.
    private let writes: [String: Bool]

    /// The key of the account's owner, as `ID:SECRET`.
    init(owner text: String) {
        let sides = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        id = String(sides[0])
        secret = sides.count > 1 ? String(sides[1]) : nil
        isFull = true
        writes = [:]
    }

    /// A key that was made by DigitalOcean's API.
    init(_ object: Value.Object, secret: String?) {
        id = object["access_key"]?.stringValue ?? ""
        self.secret = secret
        let grants = object["grants"]?.listValue ?? []
        // Where both are there, full access goes first.
        isFull = grants.contains { $0["permission"] == "fullaccess" }
        writes = Dictionary(
            grants.map { ($0["bucket"]?.stringValue ?? "", $0["permission"] == "readwrite") },
            uniquingKeysWith: { $0 || $1 })
    }

    func allows(_ request: SimulatedRequest) -> Bool {
        if isFull { return true }
        guard let bucket = request.segments.first, let mayWrite = writes[bucket] else { return false }
        let reads = request.method == "GET" || request.method == "HEAD"
        return reads || mayWrite && request.segments.count > 1
    }
}
