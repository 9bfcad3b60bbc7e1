import Basics
import Glibc
import Store

/// What a check of the links that are about to go has found.
struct EvidenceRemains: Sendable, Hashable {
    /// Links whose manifest isn't on this disk: another process wrote it, to its own.
    var elsewhere = 0
}

extension EvidenceStore {
    /// Checks links of the chain before they go: the rows of the store, and the objects that are on this disk.
    ///
    /// Services and dry runs that share a store may each have a disk of their own, so that an object which isn't here at all
    /// proves nothing. One that is here, and isn't what it was, does.
    ///
    /// - Parameters:
    ///   - links: by their numbers, beginning with the first that is left; also the one after the last that goes, which holds
    ///     the digest of that.
    ///   - last: the number of the last that goes.
    ///   - horizon: where the chain begins since older links were cut.
    /// - Returns: how many of them can't be looked at here.
    /// - Throws: the first break that was found.
    func check(
        _ links: [EvidenceLink], through last: Int, since horizon: EvidenceHorizon
    ) throws(EvidenceFault) -> EvidenceRemains {
        var remains = EvidenceRemains()
        var before: (sequence: Int, digest: String?) =
            horizon.chain.map { ($0.sequence, $0.digest) } ?? (0, nil)
        for link in links {
            guard link.sequence == before.sequence + 1, link.previous?.description == before.digest else {
                throw EvidenceFault(
                    "EVID-0004",
                    "the chain is broken: number \(link.sequence) in ops.evidence_chain doesn't follow from number \(before.sequence)"
                )
            }
            before = (link.sequence, link.manifest.description)
            if link.sequence > last { break }
            guard let bytes = try here(link.manifest) else {
                remains.elsewhere += 1
                continue
            }
            let manifest = try EvidenceManifest(bytes: bytes)
            guard manifest.sequence == link.sequence, manifest.previous == link.previous, manifest.runID == link.runID
            else {
                throw EvidenceFault(
                    "EVID-0004",
                    "the chain is broken: the manifest of number \(link.sequence) is not what ops.evidence_chain says of it",
                    place: path(of: link.manifest))
            }
            guard link.sequence == last else { continue }
            for item in manifest.items { _ = try here(item.digest) }
        }
        return remains
    }

    /// The bytes of an object; nil where it isn't on this disk.
    private func here(_ digest: Digest) throws(EvidenceFault) -> [UInt8]? {
        // Only what is surely not there counts as elsewhere, and not what can't be looked at.
        if access(path(of: digest), F_OK) != 0, errno == ENOENT { return nil }
        return try get(digest)
    }

    // MARK: This disk

    private var stamp: String { "\(directory)/last-cut" }

    /// When what is old on this disk was last deleted; nil: never.
    var lastCut: Timestamp? { FileSystem.modified(stamp)?.at }

    /// Remembers that what is old on this disk was deleted.
    func noteCut(at instant: Timestamp) {
        if FileSystem.touch(stamp, at: instant) { return }
        // A disk that keeps no file is looked through again next time, and nothing else.
        guard FileSystem.isDirectory(directory), (try? FileSystem.write([], to: stamp, mode: 0o640)) != nil else {
            return
        }
        _ = FileSystem.touch(stamp, at: instant)
    }
}
