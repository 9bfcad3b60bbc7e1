public import Basics
internal import DesiredState
internal import Diff
public import Drivers
public import Formats

/// A secret that a project shall have, and where its value is.
public struct SecretWish: Sendable, Hashable {
    public let name: String
    public let reference: SecretReference

    public init(_ name: String, _ reference: SecretReference) {
        self.name = name
        self.reference = reference
    }
}

/// What came of bringing secrets to a project.
public struct SecretSyncOutcome: Sendable {
    /// Names that were set, sorted.
    public var pushed: [String] = []
    /// Names that were as they should be, sorted.
    public var unchanged: [String] = []
    /// Names whose reference holds no value, sorted.
    public var missing: [String] = []
    /// The project that they were brought to, as soon as it is known.
    public var project: String?
    /// Nil when all that has a value is as it should be.
    public var fault: ProviderFault?

    public init() {}

    /// `{ok, pushed, skipped}`, or `{ok, error, code}` when it failed.
    public var envelope: Value {
        if let fault { return ErrorEnvelope(fault).value }
        var object = Value.Object()
        object["ok"] = true
        object["pushed"] = .strings(pushed)
        object["skipped"] = .strings(skipped)
        return .object(object)
    }

    /// What was not set: as it should be already, or without a value.
    public var skipped: [String] { (unchanged + missing).sorted { $0.precedesByBytes($1) } }
}

extension ErrorEnvelope {
    /// The same as ``json``, as a value.
    fileprivate var value: Value {
        var object = Value.Object()
        object["ok"] = false
        object["error"] = .string(error)
        if let code { object["code"] = .int(Int64(code)) }
        return .object(object)
    }
}

extension SupabaseDriver {
    /// Sets those of the secrets whose value is another than the one that the project has, all in one request.
    ///
    /// Values are compared by their SHA-256; those of the project are never read. Doing it twice sets nothing the second
    /// time. What was set is looked at again: only digests that are there now count as pushed.
    ///
    /// - Parameters:
    ///   - wishes: names are unique; of several with one name the first counts.
    ///   - reference: the project's; nil takes the one that the driver looks after.
    ///   - context: where the call comes from.
    /// - Returns: what was set and what was left, also of an attempt that failed on its way.
    public func syncSecrets(
        _ wishes: [SecretWish], to reference: String? = nil, _ context: DriverContext
    ) async -> SecretSyncOutcome {
        var outcome = SecretSyncOutcome()
        var seen: Set<String> = []
        let wishes = wishes.filter { seen.insert($0.name).inserted }.sorted { $0.name.precedesByBytes($1.name) }
        do throws(ProviderFault) {
            let project: String
            if let reference { project = reference } else { project = try await defaultProject(context) }
            outcome.project = project
            if let own = wishes.first(where: { $0.name.hasPrefix("SUPABASE_") }) {
                throw fault(
                    .impossible, ProviderCall("secrets.set", "POST", projectPath(project) + "/secrets"),
                    "\(own.name): names that begin with SUPABASE_ are Supabase's own", hint: "choose another name",
                    .waitForNewCommit)
            }
            let before = try await digests(of: project, context)
            var values: [(name: String, value: Secret, digest: String)] = []
            for wish in wishes {
                guard let value = resolve(wish.reference) else {
                    outcome.missing.append(wish.name)
                    continue
                }
                let digest = value.reveal { Digest(of: $0).hex }
                if before[wish.name] == digest {
                    outcome.unchanged.append(wish.name)
                } else {
                    values.append((wish.name, value, digest))
                }
            }
            guard !values.isEmpty else { return outcome }
            try await push(values.map { ($0.name, $0.value) }, to: project, context)
            let after = try await digests(of: project, context)
            outcome.pushed = values.filter { after[$0.name] == $0.digest }.map(\.name)
            guard outcome.pushed.count == values.count else {
                let lost = values.map(\.name).filter { !outcome.pushed.contains($0) }
                throw fault(
                    .brokenAnswer, ProviderCall("secrets.set", "POST", projectPath(project) + "/secrets"),
                    "accepted, and not there as sent: \(lost.joined(separator: ", "))", hint: "run the sync again",
                    .observeAgain)
            }
        } catch {
            outcome.fault = error
        }
        return outcome
    }

    private func digests(
        of project: String, _ context: DriverContext
    ) async throws(ProviderFault) -> [String: String] {
        var digests: [String: String] = [:]
        for secret in try await list(.supabaseSecret, of: project, context) {
            digests[secret.key.childName] = secret.attributes["value_sha256"]?.stringValue?.lowercased()
        }
        return digests
    }
}
