public import Basics
public import Store

/// What a check of the evidence found.
public struct EvidenceVerification: Sendable {
    /// How many manifests were walked, from the run back to the first.
    public var manifests = 0
    /// How many objects were read and digested again.
    public var objects = 0
    public var bytes = 0
    /// Every break, nearest first; empty: each byte is what it was.
    public var faults: [EvidenceFault] = []

    public var isWhole: Bool { faults.isEmpty }
}

extension EvidenceStore {
    /// Checks one run's evidence byte by byte, and the chain of manifests from it back to the first run.
    ///
    /// - Parameters:
    ///   - head: the link of the run, as the store remembers it.
    ///   - known: the digests that the store remembers of all runs, by run id: a chain that was rewritten as a whole
    ///     still differs from them.
    /// - Returns: how much was checked, and every break that was found.
    public func verify(_ head: EvidenceHead, known: [String: Digest]) -> EvidenceVerification {
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
                if let remembered = known[manifest.runID], remembered != link.digest {
                    throw EvidenceFault(
                        "EVID-0005",
                        "the store remembers manifest \(remembered.short) for run \(manifest.runID), the chain holds \(link.digest.short)",
                        place: path(of: link.digest))
                }
                if isFirst {
                    for item in manifest.items {
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
                if let previous = manifest.previous {
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
