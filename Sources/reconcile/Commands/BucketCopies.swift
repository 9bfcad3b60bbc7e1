import Basics
import Drivers
import HTTPClient
import SpacesDriver

/// Where a copy of the store is in object storage: `spaces://REGION/BUCKET/KEY`.
struct BucketPlace: Sendable, CustomStringConvertible {
    let region: String
    let bucket: String
    let key: String

    private static let scheme = "spaces://"

    /// - Returns: nil for a path of a file.
    /// - Throws: `ArgumentFault` where it begins like a place and is none.
    init?(_ text: String) throws(ArgumentFault) {
        guard text.hasPrefix(Self.scheme) else { return nil }
        let parts = text.dropFirst(Self.scheme.count).split(
            separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }), !parts[2].hasSuffix("/") else {
            throw ArgumentFault(
                "\(text) is no place in object storage",
                hint: "Write spaces://REGION/BUCKET/KEY, such as spaces://sgp1/backups/ops/monday.sqlite.")
        }
        region = String(parts[0])
        bucket = String(parts[1])
        key = String(parts[2])
    }

    var description: String { "\(Self.scheme)\(region)/\(bucket)/\(key)" }

    /// Where the evidence of all copies in one folder is: files that never change are kept once.
    var evidencePrefix: String {
        let folder = key.lastIndex(of: "/").map { String(key[...$0]) } ?? ""
        return "\(folder)evidence/"
    }
}

/// Brings copies of the store and its evidence to object storage and back.
///
/// Nothing there is ever replaced or deleted: how long copies stay is for the bucket's lifecycle to say.
struct BucketCopies: Sendable {
    let objects: SpacesObjects
    let place: BucketPlace

    /// The most that is sent as one object.
    private static let limit = 1 << 30

    init(_ driver: SpacesDriver, _ place: BucketPlace, log: Log) {
        objects = driver.objects(
            in: place.bucket, region: place.region, DriverContext(runID: "store", log: log, priority: .person))
        self.place = place
    }

    /// Sends a file, and looks whether all of it is there.
    ///
    /// - Throws: `ArgumentFault` where something is there already; `FileSystemFault`, `ProviderFault`.
    func send(_ path: String) async throws {
        guard try await objects.head(place.key) == nil else {
            throw ArgumentFault(
                "\(place) is there already", hint: "Name another key: a copy never takes the place of another.")
        }
        try await put(path, as: place.key)
    }

    /// Brings the copy into a file.
    ///
    /// - Throws: `ArgumentFault` where there is none; `FileSystemFault`, `ProviderFault`.
    func fetch(to path: String) async throws {
        guard let bytes = try await objects.get(place.key, limit: Self.limit) else {
            throw ArgumentFault("there is no copy \(place)", hint: "Name one that `reconcile store backup` wrote.")
        }
        try FileSystem.write(bytes, to: path, mode: 0o600)
    }

    /// Sends the files of a directory that are not there yet.
    ///
    /// - Returns: how many were sent, and how many there are.
    /// - Throws: `FileSystemFault`, `ProviderFault`.
    func sendEvidence(of directory: String) async throws -> (sent: Int, all: Int) {
        let there = Dictionary(
            try await objects.list(prefix: place.evidencePrefix).map { ($0.key, $0.size) },
            uniquingKeysWith: { first, _ in first })
        var (sent, all) = (0, 0)
        for name in Self.files(below: directory, "") {
            all += 1
            let (path, key) = ("\(directory)/\(name)", place.evidencePrefix + name)
            if let size = there[key], Int(size) == FileSystem.modified(path)?.bytes { continue }
            try await put(path, as: key)
            sent += 1
        }
        return (sent, all)
    }

    /// Brings the files that a directory lacks; what is there stays as it is.
    ///
    /// - Returns: how many were brought, and how many there are.
    /// - Throws: `FileSystemFault`, `ProviderFault`, and `ArgumentFault` for a key that leads out of the directory.
    func fetchEvidence(to directory: String) async throws -> (fetched: Int, all: Int) {
        let list = try await objects.list(prefix: place.evidencePrefix)
        var fetched = 0
        for object in list {
            let name = String(object.key.dropFirst(place.evidencePrefix.count))
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." || $0.contains("\0") }) else {
                throw ArgumentFault(
                    "\(object.key) is no evidence of ours", hint: "Take it out of the bucket, or name another folder.")
            }
            let path = "\(directory)/\(name)"
            guard !FileSystem.exists(path) else { continue }
            guard let bytes = try await objects.get(object.key, limit: Self.limit) else { continue }
            try FileSystem.createDirectory(
                ([directory] + parts.dropLast().map(String.init)).joined(separator: "/"), mode: 0o750)
            try FileSystem.write(bytes, to: path, mode: 0o440)
            fetched += 1
        }
        return (fetched, list.count)
    }

    private func put(_ path: String, as key: String) async throws {
        let bytes = try FileSystem.read(path, limit: Self.limit)
        try await objects.put(key, bytes)
        guard try await objects.head(key)?.size == Int64(bytes.count) else {
            throw ArgumentFault(
                "\(key) is not what was sent", hint: "Make the copy again, under another key.")
        }
    }

    /// The regular files below a directory, by their paths in it.
    private static func files(below directory: String, _ prefix: String) -> [String] {
        FileSystem.list("\(directory)/\(prefix)").flatMap { name -> [String] in
            let path = prefix + name
            return FileSystem.isDirectory("\(directory)/\(path)") ? files(below: directory, "\(path)/") : [path]
        }
    }
}
