import Basics
public import Store

/// What a check of the evidence found.
public struct EvidenceVerification: Sendable {
    /// How many manifests were walked, from the run back to the first.
    public var manifests = 0
    /// How many objects were read and digested again.
    public var objects = 0
    public var bytes = 0
    /// Objects that are gone because their time was over.
    public var cut = 0
    /// The first link that is left; 1 where nothing was ever cut.
    public var first = 1
    /// Every break, nearest first; empty: each byte is what it was.
    public var faults: [EvidenceFault] = []

    public var isWhole: Bool { faults.isEmpty }
}

/// From where on evidence is kept: what is before was cut because its time was over.
public struct EvidenceHorizon: Sendable, Hashable {
    /// Where the chain begins; nil: at its first link.
    public let chain: ChainAnchor?
    /// The last link whose objects may be gone; 0: none.
    public let artifacts: Int

    public init(_ chain: ChainAnchor?, artifacts: Int) {
        self.chain = chain
        self.artifacts = artifacts
    }
}

extension EvidenceStore {
    /// Checks one run's evidence byte by byte, and the chain of manifests from it back to the first run.
    ///
    /// - Parameters:
    ///   - head: the link of the run, as the store remembers it.
    ///   - rows: each link as the store has it, by its number: a chain that was rewritten as a whole still differs from
    ///     them. A run can have more than one.
    ///   - horizon: where the chain begins since its oldest links were cut.
    /// - Returns: how much was checked, and every break that was found.
    public func verify(
        _ head: EvidenceHead, rows: [Int: EvidenceLink] = [:],
        since horizon: EvidenceHorizon = EvidenceHorizon(nil, artifacts: 0)
    ) -> EvidenceVerification {
        var result = EvidenceVerification()
        var next: (digest: Digest, sequence: Int)? = (head.manifest, head.sequence)
        var isFirst = true
        while let link = next {
            next = nil
            do throws(EvidenceFault) {
                let bytes = try get(link.digest)
                let manifest = try EvidenceManifest(bytes: bytes)
                result.manifests += 1
                result.bytes += bytes.count
                if manifest.sequence != link.sequence {
                    throw EvidenceFault(
                        "EVID-0004",
                        "the chain is broken: run \(manifest.runID) says it is number \(manifest.sequence), not \(link.sequence)",
                        place: path(of: link.digest))
                }
                if let row = rows[link.sequence], row.runID != manifest.runID || row.manifest != link.digest {
                    throw EvidenceFault(
                        "EVID-0005",
                        row.runID == manifest.runID
                            ? "the store remembers manifest \(row.manifest.short) for run \(row.runID), the chain holds "
                                + link.digest.short
                            : "the store says that number \(link.sequence) is of run \(row.runID), and its manifest is of "
                                + "run \(manifest.runID)",
                        place: path(of: link.digest))
                }
                if isFirst {
                    for item in manifest.items {
                        if link.sequence <= horizon.artifacts, !FileSystem.exists(path(of: item.digest)) {
                            result.cut += 1
                            continue
                        }
                        do throws(EvidenceFault) {
                            result.bytes += try get(item.digest).count
                            result.objects += 1
                        } catch {
                            result.faults.append(
                                EvidenceFault(
                                    error.code, "\(item.name): \(error.message)", place: error.place, hint: error.hint))
                        }
                    }
                    isFirst = false
                }
                if let anchor = horizon.chain, link.sequence == anchor.sequence + 1 {
                    result.first = link.sequence
                    guard manifest.previous?.description == anchor.digest else {
                        throw EvidenceFault(
                            "EVID-0004",
                            "the chain is broken: number \(link.sequence) doesn't follow from what was cut before it",
                            place: path(of: link.digest))
                    }
                } else if let previous = manifest.previous {
                    next = (previous, link.sequence - 1)
                } else if link.sequence != 1 {
                    throw EvidenceFault(
                        "EVID-0004", "the chain ends at number \(link.sequence) instead of 1",
                        place: path(of: link.digest))
                }
            } catch {
                result.faults.append(error)
            }
        }
        return result
    }
}
