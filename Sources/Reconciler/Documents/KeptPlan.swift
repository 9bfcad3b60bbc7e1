public import Basics
public import Formats
public import Store

/// The plan of a run as people ask for it: that of a pass from the store, that of a look from its evidence.
public struct KeptPlan: Sendable {
    public let runID: String
    public let document: Value
    /// Whether it can be approved: a look's, and one that is kept as evidence alone, can't.
    public let isSaved: Bool

    /// - Parameters:
    ///   - name: the id of a run, or `latest`: the plan that was made last by a pass, which is the one that can
    ///     be approved, whatever was looked at since; before the first pass that of the latest look.
    ///   - store: where runs and plans are.
    ///   - evidence: where a look leaves its plan; nil where none can be read.
    /// - Throws: `StoreFault`.
    public init?(_ name: String, _ store: Store, _ evidence: EvidenceStore?) async throws(StoreFault) {
        if name == "latest", let latest = try await store.latestPlan() {
            (runID, document) = latest
            isSaved = true
            return
        }
        let found = name == "latest" ? try await store.runs(limit: 1).first : try await store.run(withID: name)
        guard let run = found else { return nil }
        runID = run.id
        if let saved = try await store.plan(ofRun: run.id) {
            document = saved
            isSaved = true
            return
        }
        guard let link = try await store.evidence(ofRun: run.id), let bytes = evidence?.object("plan.json", of: link),
            let value = try? JSON.parse(bytes)
        else { return nil }
        document = value
        isSaved = false
    }
}

extension EvidenceStore {
    /// One object of a run's evidence by its name; nil where it isn't there any more, or isn't what it was.
    public func object(_ name: String, of link: EvidenceLink) -> [UInt8]? {
        try? object(name, of: link.manifest)
    }

    /// One object of a manifest by its name; nil where it names none so.
    ///
    /// - Throws: `EvidenceFault` where it isn't there any more, or isn't what it was.
    public func object(_ name: String, of manifest: Digest) throws(EvidenceFault) -> [UInt8]? {
        let items = try EvidenceManifest(bytes: get(manifest)).items
        guard let item = items.first(where: { $0.name == name }) else { return nil }
        return try get(item.digest)
    }

    /// A manifest by its digest; nil where it isn't there any more, or isn't what it was.
    public func manifest(_ digest: Digest) -> EvidenceManifest? {
        (try? get(digest)).flatMap { try? EvidenceManifest(bytes: $0) }
    }
}
