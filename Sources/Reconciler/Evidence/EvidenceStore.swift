public import Basics
import Formats
import Glibc

/// Evidence could not be kept, or is not what it was.
public struct EvidenceFault: Fault {
    public let code: String
    public let message: String
    public let place: String?
    public let hint: String?
    public var disposition: Disposition { .stop }

    init(_ code: String, _ message: String, place: String? = nil, hint: String? = nil) {
        self.code = code
        self.message = message
        self.place = place
        self.hint = hint
    }
}

/// Keeps evidence under the state directory: objects named by the SHA-256 of their bytes, and a manifest for each run.
///
/// Equal bytes are kept once, so that a pass without a change costs one small manifest. A manifest names the digest of
/// the manifest before it: whoever changes one byte anywhere breaks the chain from there on.
public struct EvidenceStore: Sendable {
    public let directory: String

    /// - Parameter directory: created when the first object is written.
    public init(directory: String) { self.directory = directory }

    /// Keeps bytes and gives their name; bytes that are there already are not written again.
    ///
    /// The file's own time says when a run last needed it, from which ``cut(before:keeping:isDryRun:)`` tells what is old.
    ///
    /// - Throws: `FileSystemFault` when the disk is full or the directory can't be written.
    public func put(_ bytes: [UInt8], at instant: Timestamp) throws(FileSystemFault) -> Digest {
        let digest = Digest(of: bytes)
        let path = path(of: digest)
        if FileSystem.touch(path, at: instant) { return digest }
        try FileSystem.createDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]), mode: 0o750)
        try FileSystem.write(bytes, to: path, mode: 0o440)
        _ = FileSystem.touch(path, at: instant)
        return digest
    }

    /// Deletes the objects that no run has needed since an instant.
    ///
    /// - Parameters:
    ///   - instant: what was last needed before it goes.
    ///   - manifests: what stays whatever its age.
    ///   - isDryRun: only counts.
    /// - Returns: how many, and their bytes.
    func cut(before instant: Timestamp, keeping manifests: Set<Digest>, isDryRun: Bool) -> (objects: Int, bytes: Int) {
        var (objects, bytes) = (0, 0)
        for folder in FileSystem.list("\(directory)/objects") where folder.utf8.count == 2 {
            for name in FileSystem.list("\(directory)/objects/\(folder)") {
                let path = "\(directory)/objects/\(folder)/\(name)"
                guard let digest = Digest("sha256:\(folder)\(name)"), !manifests.contains(digest),
                    let file = FileSystem.modified(path), file.at < instant
                else { continue }
                if !isDryRun {
                    // Whoever needs it right now either moves its time before it is looked at again, or writes it anew.
                    let aside = "\(path).old"
                    guard FileSystem.move(path, to: aside) else { continue }
                    if let again = FileSystem.modified(aside), again.at >= instant {
                        _ = FileSystem.move(aside, to: path)
                        continue
                    }
                    FileSystem.remove(aside)
                }
                objects += 1
                bytes += file.bytes
            }
        }
        return (objects, bytes)
    }

    /// Gives bytes back after checking that they are what their name says.
    ///
    /// - Throws: `EvidenceFault` when they are missing or were changed.
    public func get(_ digest: Digest) throws(EvidenceFault) -> [UInt8] {
        let path = path(of: digest)
        let bytes: [UInt8]
        do {
            bytes = try FileSystem.read(path)
        } catch {
            throw EvidenceFault(
                "EVID-0001", "the evidence object \(digest.short) can't be read: \(error.message)", place: path,
                hint: error.errno == EACCES
                    ? "It is there and another user's: run this as the service's user or as root; see whose it is: "
                        + "namei -l \(path)"
                    : "Restore the state directory from its backup; the run's rows in ops.runs are not affected.")
        }
        let actual = Digest(of: bytes)
        guard actual == digest else {
            throw EvidenceFault(
                "EVID-0002",
                "the evidence object \(digest.short) was changed: its bytes now have the digest \(actual.short)",
                place: path,
                hint: "Compare with a backup of the state directory; somebody wrote to this file after the run.")
        }
        return bytes
    }

    /// Where an object of that name is kept.
    public func path(of digest: Digest) -> String {
        "\(directory)/objects/\(digest.hex.prefix(2))/\(digest.hex.dropFirst(2))"
    }
}

/// What a run left behind: names, digests and sizes of its objects, and the link to the run before.
public struct EvidenceManifest: Sendable, Hashable {
    /// One object of the evidence, found by its digest.
    public struct Item: Sendable, Hashable {
        /// What it is, such as `plan.json` or `steps/0001.json`.
        public let name: String
        public let digest: Digest
        public let bytes: Int

        public init(name: String, digest: Digest, bytes: Int) {
            self.name = name
            self.digest = digest
            self.bytes = bytes
        }
    }

    public let runID: String
    /// Counts from 1.
    public let sequence: Int
    /// The digest of the manifest before; nil for the first.
    public let previous: Digest?
    public let items: [Item]

    public init(runID: String, sequence: Int, previous: Digest?, items: [Item]) {
        self.runID = runID
        self.sequence = sequence
        self.previous = previous
        self.items = items
    }

    /// The canonical bytes whose digest is the manifest's name.
    public var bytes: [UInt8] {
        JSON.canonical(
            .object([
                "format_version": "1.0",
                "run_id": .string(runID),
                "sequence": .int(Int64(sequence)),
                "previous": previous.map { .string($0.description) } ?? .null,
                "items": .list(
                    items.map {
                        .object([
                            "name": .string($0.name), "digest": .string($0.digest.description),
                            "bytes": .int(Int64($0.bytes)),
                        ])
                    }),
            ]))
    }

    /// Reads a manifest.
    ///
    /// - Throws: `EvidenceFault` when the bytes are no manifest.
    public init(bytes: [UInt8]) throws(EvidenceFault) {
        let broken = EvidenceFault(
            "EVID-0003", "the evidence manifest is not readable",
            hint: "Restore the state directory from its backup.")
        let value: Value
        do { value = try JSON.parse(bytes) } catch { throw broken }
        guard let runID = value["run_id"]?.stringValue, let sequence = value["sequence"]?.intValue,
            let items = value["items"]?.listValue
        else { throw broken }
        self.runID = runID
        self.sequence = Int(sequence)
        previous = value["previous"]?.stringValue.flatMap { Digest($0) }
        var read: [Item] = []
        for item in items {
            guard let name = item["name"]?.stringValue,
                let digest = item["digest"]?.stringValue.flatMap({ Digest($0) }),
                let size = item["bytes"]?.intValue
            else { throw broken }
            read.append(Item(name: name, digest: digest, bytes: Int(size)))
        }
        self.items = read
    }
}
