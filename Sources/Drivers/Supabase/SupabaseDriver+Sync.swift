internal import Basics
internal import DesiredState
internal import Diff
public import Drivers
internal import Formats

extension SupabaseDriver: SecretSyncing {
    /// Values are compared by their SHA-256; those of the project are never read.
    ///
    /// What was set is looked at again: only digests that are there now count as pushed.
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
